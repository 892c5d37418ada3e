//! The passes as a printer gets them: rendered by poppler, measured in pixels, decoded by zbar.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use super::*;

mod door;
mod geometry;
mod ink;
mod look;
mod scan;

fn community() -> Community {
    Community {
        name: text("Oakridge Homeowners Association"),
        contact: text("Maria Lopez, (503) 555-0134, board@oakridgehoa.org"),
        address: "join.oakridgehoa.org/join".parse().unwrap(),
        sentence: Some(text("The resident portal has the association's documents and calendar.")),
        logo: None,
        accent: "#2f6f4e".parse().unwrap(),
    }
}

fn text(given: &str) -> Text {
    Text::new(given).unwrap()
}

/// Passes differ in code, link and serial; every second one is addressed.
fn pass(number: usize) -> Pass {
    let plain = format!("7KWM3RTX{number:04}");
    let addressee = number.is_multiple_of(2).then(|| {
        let lines = vec![
            text(&format!("{} Maple Street", 100 + number)),
            text("Unit 4B"),
            text("Portland, OR 97201"),
        ];
        Addressee::new(Some(text("Nguyễn family")), lines).unwrap()
    });
    Pass {
        code: format!("{}-{}-{}", &plain[..4], &plain[4..8], &plain[8..]).parse().unwrap(),
        link: format!("https://join.oakridgehoa.org/j/{plain}").parse().unwrap(),
        serial: text(&format!("{:06}", number + 1)),
        valid_until: text("February 21, 2027"),
        addressee,
    }
}

fn order(layout: Layout, start: u32, passes: impl IntoIterator<Item = Pass>) -> Order {
    Order::new(community(), layout, start, passes.into_iter().map(Some).collect()).unwrap()
}

/// Whether the programs are missing that look at what is printed; then a test says so and looks at nothing, unless
/// `PORCHLIGHT_REQUIRE_SCANNER` is 1.
fn nobody_can_look() -> bool {
    let programs = ["pdftoppm", "pdftotext", "pdffonts", "pdfinfo", "zbarimg"];
    let missing = |program: &str| Command::new(program).arg("--help").output().is_err();
    let Some(program) = programs.into_iter().find(|program| missing(program)) else { return false };
    let line = format!(
        "{program} is not installed (packages poppler-utils and zbar-tools): passes are not looked at"
    );
    #[expect(clippy::disallowed_methods, reason = "what a machine has to have is no setting of Porchlight")]
    let required = std::env::var("PORCHLIGHT_REQUIRE_SCANNER").is_ok_and(|value| value == "1");
    assert!(!required, "PORCHLIGHT_REQUIRE_SCANNER is 1, but {line}");
    // Whether anybody reads it does not matter to the test.
    let _unread = writeln!(io::stderr(), "{line}");
    true
}

/// Runs a program of the packages that these tests need.
fn run(program: &str, arguments: &[&str], files: &[PathBuf]) -> String {
    let output = Command::new(program).args(arguments).args(files).output().unwrap_or_else(|error| {
        panic!("{program} does not run ({error}): install the packages poppler-utils and zbar-tools")
    });
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A PDF in a directory that goes with it.
struct Printed {
    directory: TempDir,
    file: PathBuf,
}

impl Printed {
    fn new(pdf: &[u8]) -> Self {
        let directory = TempDir::new().unwrap();
        let file = directory.path().join("passes.pdf");
        fs::write(&file, pdf).unwrap();
        Self { directory, file }
    }

    /// The files of all pages, in grey, in order.
    fn rendered(&self, dpi: u32) -> Vec<PathBuf> {
        let prefix = self.directory.path().join("page");
        run("pdftoppm", &["-gray", "-r", &dpi.to_string()], &[self.file.clone(), prefix]);
        let mut pages: Vec<PathBuf> = fs::read_dir(self.directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "pgm"))
            .collect();
        pages.sort();
        pages
    }

    fn pages(&self, dpi: u32) -> Vec<Page> {
        self.rendered(dpi).iter().map(|file| Page::read(file, dpi)).collect()
    }

    /// Each word of the first page and the box of its line, in mm.
    fn boxes(&self) -> Vec<(String, layout::Area)> {
        let boxes = run("pdftotext", &["-bbox", "-l", "1"], &[self.file.clone(), "-".into()]);
        let word = |line: &str| {
            let (edges, rest) = line.trim().strip_prefix("<word ")?.split_once('>')?;
            let edges: Vec<f32> = edges.split('"').filter_map(|edge| edge.parse().ok()).collect();
            let [left, top, right, bottom] =
                edges.try_into().map(|points: [f32; 4]| points.map(|p| p / fit::POINT)).ok()?;
            let area = layout::Area { x: left, y: top, width: right - left, height: bottom - top };
            Some((rest.trim_end_matches("</word>").to_owned(), area))
        };
        boxes.lines().filter_map(word).collect()
    }

    /// What a reader of the PDF gets, on one line.
    fn words(&self) -> String {
        let words = run("pdftotext", &["-layout"], &[self.file.clone(), "-".into()]);
        words.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// A rendered page.
struct Page {
    width: usize,
    grey: Vec<u8>,
    /// Pixels in a millimetre.
    scale: f32,
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "small"
)]
impl Page {
    /// Reads a PGM as pdftoppm writes it.
    fn read(file: &Path, dpi: u32) -> Self {
        let bytes = fs::read(file).unwrap();
        let mut fields = bytes.splitn(4, u8::is_ascii_whitespace);
        assert_eq!(fields.next(), Some(b"P5".as_slice()));
        let number =
            |field: Option<&[u8]>| std::str::from_utf8(field.unwrap()).unwrap().parse::<usize>().unwrap();
        let (width, height) = (number(fields.next()), number(fields.next()));
        let grey = bytes[bytes.len() - width * height..].to_vec();
        Self { width, grey, scale: dpi as f32 / 25.4 }
    }

    fn height(&self) -> usize {
        self.grey.len() / self.width
    }

    /// The pixels that an area touches: left, top, right, bottom.
    fn bounds(&self, area: layout::Area) -> [usize; 4] {
        let pixel = |mm: f32, most: usize| ((mm * self.scale).round().max(0.0) as usize).min(most);
        let (width, height) = (self.width, self.height());
        [
            pixel(area.x, width),
            pixel(area.y, height),
            pixel(area.right(), width),
            pixel(area.bottom(), height),
        ]
    }

    /// Where ink lies within an area, in mm: the smallest rectangle. Marks and their words are lighter than ink.
    fn ink(&self, area: layout::Area) -> Option<layout::Area> {
        let [left, top, right, bottom] = self.bounds(area);
        let dark = (top..bottom)
            .flat_map(|y| (left..right).map(move |x| (x, y)))
            .filter(|(x, y)| self.grey[y * self.width + x] < 110);
        let around = |edges: Option<[usize; 4]>, (x, y): (usize, usize)| {
            let [l, t, r, b] = edges.unwrap_or([x, y, x, y]);
            Some([l.min(x), t.min(y), r.max(x), b.max(y)])
        };
        let [left, top, right, bottom] = dark.fold(None, around)?.map(|edge| edge as f32 / self.scale);
        let pixel = 1.0 / self.scale;
        Some(layout::Area { x: left, y: top, width: right - left + pixel, height: bottom - top + pixel })
    }

    /// The whole page.
    fn paper(&self) -> layout::Area {
        let [width, height] = [self.width, self.height()].map(|side| side as f32 / self.scale);
        layout::Area { x: 0.0, y: 0.0, width, height }
    }

    /// Makes an area white.
    fn wipe(&mut self, area: layout::Area) {
        let [left, top, right, bottom] = self.bounds(area);
        for y in top..bottom {
            self.grey[y * self.width + left..y * self.width + right].fill(255);
        }
    }

    /// Writes an area as an image of its own.
    fn cut(&self, area: layout::Area, file: &Path) {
        let [left, top, right, bottom] = self.bounds(area);
        let mut image = format!("P5\n{} {}\n255\n", right - left, bottom - top).into_bytes();
        for y in top..bottom {
            image.extend(&self.grey[y * self.width + left..y * self.width + right]);
        }
        fs::write(file, image).unwrap();
    }
}
