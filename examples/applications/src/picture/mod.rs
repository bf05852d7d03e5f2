//! Filters on a picture that only its owner sees.

mod panels;

use std::path::{Path, PathBuf};

use alloy_primitives::U256;
use alloy_sol_types::{SolValue, sol};
use anyhow::{Context, Result};
use ciphervm::fhe::FheType;

use crate::{Application, Stage, User, artifact::artifact};

sol! {
    interface ImageFilter {
        function load(bytes32[] row, bytes proof) external;
        function filterRow(uint8 filter, uint256 y) external;
        function rowOf(uint8 filter, uint256 y) external view returns (bytes32[] memory);
    }
}

/// The darkest grey that the threshold takes for white.
const THRESHOLD: u8 = 128;

/// A grey picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Pixels in a row.
    pub width: usize,
    /// The pixels, row by row.
    pub pixels: Vec<u8>,
}

impl Picture {
    /// A square picture of a bright disc before a slope of greys.
    pub fn disc(side: usize) -> Self {
        let pixel = |index: usize| {
            let (x, y) = (index % side, index / side);
            // Twice the distances from the centre, to stay with integers.
            let (dx, dy) = ((2 * x + 1).abs_diff(side), (2 * y + 1).abs_diff(side));
            let inside = 2 * (dx * dx + dy * dy) < side * side;
            if inside { 235 - (4 * (dx + dy) % 60) as u8 } else { (x + y) as u8 * 7 + 8 }
        };
        Self { width: side, pixels: (0..side * side).map(pixel).collect() }
    }

    /// How many rows there are.
    pub fn height(&self) -> usize {
        self.pixels.len() / self.width
    }

    fn rows(&self) -> impl Iterator<Item = &[u8]> {
        self.pixels.chunks_exact(self.width)
    }

    /// The pixel nearest to a place that may be outside.
    fn at(&self, x: isize, y: isize) -> u8 {
        let x = x.clamp(0, self.width as isize - 1) as usize;
        let y = y.clamp(0, self.height() as isize - 1) as usize;
        self.pixels[y * self.width + x]
    }
}

/// What becomes of a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// 255 minus the pixel.
    Invert,
    /// Black or white.
    Threshold,
    /// The mean of nine pixels, rounded down.
    Blur,
}

impl Filter {
    const fn name(self) -> &'static str {
        match self {
            Self::Invert => "invert",
            Self::Threshold => "threshold",
            Self::Blur => "blur",
        }
    }

    fn pixel(self, picture: &Picture, x: isize, y: isize) -> u8 {
        match self {
            Self::Invert => 255 - picture.at(x, y),
            Self::Threshold => u8::MAX * u8::from(picture.at(x, y) >= THRESHOLD),
            Self::Blur => {
                let neighbours = (-1..=1).flat_map(|dy| (-1..=1).map(move |dx| (dx, dy)));
                let sum: u16 =
                    neighbours.map(|(dx, dy)| u16::from(picture.at(x + dx, y + dy))).sum();
                // The mean of bytes is a byte.
                (sum / 9) as u8
            }
        }
    }
}

/// A picture and what is done to it.
#[derive(Clone, Debug)]
pub struct Filtering {
    /// The picture.
    pub picture: Picture,
    /// The filter.
    pub filter: Filter,
}

impl Application for Filtering {
    type Outcome = Picture;

    fn name(&self) -> String {
        let Picture { width, .. } = self.picture;
        format!("picture: {}, {width} × {}", self.filter.name(), self.picture.height())
    }

    fn plain(&self) -> Picture {
        let (width, height) = (self.picture.width as isize, self.picture.height() as isize);
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let pixels = places.map(|(x, y)| self.filter.pixel(&self.picture, x, y)).collect();
        Picture { width: self.picture.width, pixels }
    }

    fn encrypted(&self, stage: &mut Stage) -> Result<Picture> {
        let owner = User::new(1)?;
        let (width, height) = (self.picture.width, self.picture.height());
        // The deployment, and two transactions a row.
        stage.expect(1 + 2 * height as u64);
        let size = (U256::from(width), U256::from(height)).abi_encode();
        let contract = stage.deploy(&owner, artifact!("ImageFilter"), &size)?;
        for row in self.picture.rows() {
            let values: Vec<_> = row.iter().map(|p| (FheType::Uint8, u64::from(*p))).collect();
            let input = stage.encrypt(&owner, contract, &values)?;
            let row = input.handles.iter().map(|handle| handle.0).collect();
            let call = ImageFilter::loadCall { row, proof: input.proof };
            stage.send(&owner, contract, &call)?;
        }
        let mut pixels = Vec::with_capacity(width * height);
        for y in (0..height).map(U256::from) {
            let filter = self.filter as u8;
            stage.send(&owner, contract, &ImageFilter::filterRowCall { filter, y })?;
            let handles = stage.read(contract, &ImageFilter::rowOfCall { filter, y })?;
            for value in stage.numbers(&owner, contract, &handles)? {
                pixels.push(u8::try_from(value).context("a pixel is not of eight bits")?);
            }
        }
        Ok(Picture { width, pixels })
    }

    fn keep(&self, encrypted: &Picture, folder: &Path) -> Result<Option<PathBuf>> {
        let name = format!("{}-{}x{}.png", self.filter.name(), encrypted.width, encrypted.height());
        let path = folder.join(name);
        panels::write(&path, &[&self.picture, encrypted, &self.plain()])?;
        Ok(Some(path))
    }
}
