//! Pictures side by side in a PNG file.

use std::{
    fs::{self, File},
    io::BufWriter,
    path::Path,
};

use anyhow::{Context, Result};

use super::Picture;

/// Pixels of the file for a pixel of a picture.
const SCALE: usize = 12;
/// Pixels between pictures.
const GAP: usize = 6;
const WHITE: u8 = 255;

/// Writes pictures of equal size side by side, enlarged.
///
/// # Errors
/// If the file cannot be written.
pub(super) fn write(path: &Path, pictures: &[&Picture]) -> Result<()> {
    let mut lines = Vec::new();
    let height = pictures.first().map_or(0, |picture| picture.height());
    for y in 0..height {
        let mut line = Vec::new();
        for (index, picture) in pictures.iter().enumerate() {
            if index > 0 {
                line.extend([WHITE; GAP]);
            }
            let row = &picture.pixels[y * picture.width..][..picture.width];
            line.extend(row.iter().flat_map(|pixel| [*pixel; SCALE]));
        }
        lines.extend(std::iter::repeat_n(line, SCALE));
    }
    let width = lines.first().map_or(0, Vec::len);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    let file = File::create(path).with_context(|| path.display().to_string())?;
    let (width, height) = (u32::try_from(width)?, u32::try_from(lines.len())?);
    let mut encoder = png::Encoder::new(BufWriter::new(file), width, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header()?.write_image_data(&lines.concat())?;
    Ok(())
}
