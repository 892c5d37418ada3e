//! A community's sign: decoded, shrunk and written anew, so that nothing but pixels comes in; served by its hash, which
//! names nobody.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};
use sha2::{Digest, Sha256};

use super::ledger;
use crate::{passes::paper::logo, problem::Problem, state::AppState};

/// The largest file, in bytes.
pub const MAX_BYTES: usize = 512 * 1024;
/// The shortest side, in pixels.
const MIN_SIDE: u32 = 16;
/// The longest side of what is printed: 600 dpi on an inch.
const PRINTED: (u32, u32) = (600, 600);
/// The longest sides of what pages show.
const SHOWN: (u32, u32) = (192, 96);

/// A picture of our own making.
pub struct Picture {
    /// Of `png`.
    pub sha256: [u8; 32],
    /// As it is printed.
    pub png: Vec<u8>,
    /// As pages show it.
    pub shown: Vec<u8>,
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Picture").field("bytes", &self.png.len()).finish_non_exhaustive()
    }
}

impl Picture {
    /// Takes a PNG or JPEG file apart, whatever it is called, and makes one of its pixels.
    ///
    /// # Errors
    /// Says what is wrong with the file.
    pub fn read(file: &[u8]) -> Result<Self, &'static str> {
        if file.len() > MAX_BYTES {
            return Err(say!("settings-misfit-logo-file"));
        }
        let pixels = logo::pixels(file).map_err(|error| match error {
            crate::passes::paper::Error::LogoTooLarge { .. } => say!("settings-misfit-logo-pixels"),
            _ => say!("settings-misfit-logo-unreadable"),
        })?;
        if pixels.width.min(pixels.height) < MIN_SIDE {
            return Err(say!("settings-misfit-logo-small"));
        }
        let written = |pixels| write(&pixels).ok_or_else(|| say!("settings-misfit-logo-unkept"));
        let png = written(shrunk(&pixels, PRINTED))?;
        let shown = written(shrunk(&pixels, SHOWN))?;
        Ok(Self { sha256: Sha256::digest(&png).into(), png, shown })
    }
}

/// The same picture within these sides: each pixel the mean of those it stands for, weighed by how much of them is seen.
fn shrunk(pixels: &logo::Pixels, (widest, highest): (u32, u32)) -> logo::Pixels {
    let (width, height) = (u64::from(pixels.width), u64::from(pixels.height));
    let (widest, highest) = (u64::from(widest), u64::from(highest));
    let (mut across, mut down) = (width, height);
    if across > widest {
        (across, down) = (widest, (height * widest / width).max(1));
    }
    if down > highest {
        (across, down) = ((width * highest / height).max(1), highest);
    }
    let mut rgba = Vec::new();
    for y in 0..down {
        for x in 0..across {
            let (mut sums, mut seen, mut count) = ([0_u64; 3], 0_u64, 0_u64);
            for row in (y * height / down)..((y + 1) * height).div_ceil(down) {
                for column in (x * width / across)..((x + 1) * width).div_ceil(across) {
                    let at = usize::try_from((row * width + column) * 4).unwrap_or(usize::MAX);
                    let Some(&[red, green, blue, alpha]) =
                        pixels.rgba.get(at..).and_then(<[u8]>::first_chunk)
                    else {
                        continue;
                    };
                    let alpha = u64::from(alpha);
                    for (sum, part) in sums.iter_mut().zip([red, green, blue]) {
                        *sum += u64::from(part) * alpha;
                    }
                    seen += alpha;
                    count += 1;
                }
            }
            let part = |sum: u64| u8::try_from((sum + seen / 2) / seen.max(1)).unwrap_or(u8::MAX);
            let alpha = u8::try_from((seen + count / 2) / count.max(1)).unwrap_or(u8::MAX);
            rgba.extend([part(sums[0]), part(sums[1]), part(sums[2]), alpha]);
        }
    }
    let side = |side| u32::try_from(side).unwrap_or(1);
    logo::Pixels { rgba, width: side(across), height: side(down) }
}

fn write(pixels: &logo::Pixels) -> Option<Vec<u8>> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, pixels.width, pixels.height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_compression(png::Compression::High);
    encoder.write_header().ok()?.write_image_data(&pixels.rgba).ok()?;
    Some(file)
}

/// Where a picture is.
#[must_use]
pub fn path(sha256: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut path = "/logo/".to_owned();
    for byte in sha256 {
        // Writing into a string does not fail.
        let _ = write!(path, "{byte:02x}");
    }
    path + ".png"
}

/// What a path names.
fn named(file: &str) -> Option<[u8; 32]> {
    let hex = file.strip_suffix(".png").filter(|hex| hex.len() == 64 && hex.is_ascii())?;
    let mut sha256 = [0; 32];
    for (place, byte) in sha256.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(place * 2..place * 2 + 2)?, 16).ok()?;
    }
    Some(sha256)
}

/// The address of pictures.
pub fn routes() -> Router<Arc<AppState>> {
    Router::new().route("/logo/{file}", get(show))
}

async fn show(State(state): State<Arc<AppState>>, Path(file): Path<String>) -> Result<Response, Problem> {
    let sha256 = named(&file).ok_or_else(Problem::not_found)?;
    let png = ledger::shown(&state.pool, &sha256).await?.ok_or_else(Problem::not_found)?;
    let headers = [
        (header::CONTENT_TYPE, "image/png"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
    ];
    Ok((headers, png).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(width: u32, height: u32) -> Vec<u8> {
        let count = usize::try_from(width * height).unwrap();
        write(&logo::Pixels { rgba: [200, 40, 40, 128].repeat(count), width, height }).unwrap()
    }

    #[test]
    fn a_picture_is_made_of_pixels_alone() {
        let picture = Picture::read(&drawn(1_000, 500)).unwrap();
        let printed = logo::pixels(&picture.png).unwrap();
        assert_eq!((printed.width, printed.height), (600, 300));
        assert_eq!(&printed.rgba[..4], [200, 40, 40, 128], "what is seen through stays so");
        let shown = logo::pixels(&picture.shown).unwrap();
        assert_eq!((shown.width, shown.height), (192, 96));
        assert_eq!(Picture::read(&drawn(1_000, 500)).unwrap().sha256, picture.sha256);
    }

    #[test]
    fn what_is_no_picture_is_told_apart() {
        for (file, word) in [
            (b"hello, I am a text".to_vec(), "not a picture"),
            (drawn(15, 40), "too small"),
            (drawn(2_001, 20), "too many pixels"),
            (vec![0; MAX_BYTES + 1], "too large"),
        ] {
            assert!(Picture::read(&file).unwrap_err().contains(word), "{word}");
        }
    }

    #[test]
    fn a_path_names_one_picture() {
        assert_eq!(path(&[0xab; 32]), format!("/logo/{}.png", "ab".repeat(32)));
        assert_eq!(named(path(&[0xab; 32]).trim_start_matches("/logo/")), Some([0xab; 32]));
        for wrong in ["", ".png", "abc.png", &format!("{}.png", "+1".repeat(32)), &"é".repeat(32)] {
            assert_ne!(named(wrong), Some([0xab; 32]), "{wrong}");
        }
    }
}
