//! A community's sign. It is decoded at the door, so that a broken one is found before printing and nothing that
//! cameras and programs write into image files (places, names) comes into the PDF.

use std::{fmt, io::Cursor};

use krilla::image::Image;
use zune_jpeg::{
    JpegDecoder,
    zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions},
};

use super::error::Error;

/// The largest file, in bytes.
pub(super) const MAX_BYTES: usize = 2 * 1024 * 1024;
/// The longest side, in pixels: 600 dpi on the widest place it is printed in, with some to spare.
pub(super) const MAX_SIDE: u32 = 2_000;

const TOO_LARGE: Error = Error::LogoTooLarge { bytes: MAX_BYTES, side: MAX_SIDE };

/// An image that can be printed.
#[derive(Clone)]
pub struct Logo(Image);

impl Logo {
    /// Decodes a PNG or JPEG file.
    ///
    /// # Errors
    /// When it is neither, is cut short, or is larger than [`MAX_BYTES`] or [`MAX_SIDE`].
    pub fn decode(file: &[u8]) -> Result<Self, Error> {
        let Pixels { rgba, width, height } = pixels(file)?;
        Ok(Self(Image::from_rgba8(rgba, width, height)))
    }

    pub(super) fn image(&self) -> &Image {
        &self.0
    }

    /// Width over height.
    #[expect(clippy::cast_precision_loss, reason = "at most MAX_SIDE")]
    pub(super) fn aspect(&self) -> f32 {
        let (width, height) = self.0.size();
        width as f32 / height as f32
    }
}

/// What a picture is made of.
pub struct Pixels {
    /// Red, green, blue and alpha of each, line by line.
    pub rgba: Vec<u8>,
    /// How many in a line.
    pub width: u32,
    /// How many lines.
    pub height: u32,
}

impl fmt::Debug for Pixels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pixels({} × {})", self.width, self.height)
    }
}

/// Decodes a PNG or JPEG file.
///
/// # Errors
/// As [`Logo::decode`].
pub fn pixels(file: &[u8]) -> Result<Pixels, Error> {
    if file.len() > MAX_BYTES {
        return Err(TOO_LARGE);
    }
    let (rgba, width, height) =
        if file.starts_with(b"\x89PNG") { decode_png(file) } else { decode_jpeg(file) }?;
    Ok(Pixels { rgba, width, height })
}

fn checked(width: u32, height: u32) -> Result<(), Error> {
    if width.max(height) > MAX_SIDE { Err(TOO_LARGE) } else { Ok(()) }
}

fn decode_png(file: &[u8]) -> Result<(Vec<u8>, u32, u32), Error> {
    let mut decoder = png::Decoder::new(Cursor::new(file));
    let header = decoder.read_header_info().map_err(|_| Error::Logo)?;
    checked(header.width, header.height)?;
    decoder.set_transformations(png::Transformations::normalize_to_color8() | png::Transformations::ALPHA);
    let mut reader = decoder.read_info().map_err(|_| Error::Logo)?;
    let mut pixels = vec![0; reader.output_buffer_size().ok_or(Error::Logo)?];
    let info = reader.next_frame(&mut pixels).map_err(|_| Error::Logo)?;
    pixels.truncate(info.buffer_size());
    let pixels = match info.color_type {
        png::ColorType::Rgba => pixels,
        png::ColorType::GrayscaleAlpha => {
            pixels.as_chunks().0.iter().flat_map(|&[grey, alpha]| [grey, grey, grey, alpha]).collect()
        }
        _ => return Err(Error::Logo),
    };
    Ok((pixels, info.width, info.height))
}

fn decode_jpeg(file: &[u8]) -> Result<(Vec<u8>, u32, u32), Error> {
    let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::RGBA).set_strict_mode(true);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(file), options);
    decoder.decode_headers().map_err(|_| Error::Logo)?;
    let info = decoder.info().ok_or(Error::Logo)?;
    let (width, height) = (u32::from(info.width), u32::from(info.height));
    checked(width, height)?;
    let pixels = decoder.decode().map_err(|_| Error::Logo)?;
    Ok((pixels, width, height))
}

impl fmt::Debug for Logo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (width, height) = self.0.size();
        write!(f, "Logo({width} × {height})")
    }
}
