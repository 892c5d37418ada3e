//! The access code: twelve characters that let one household join, once.
//!
//! The alphabet has 23 characters, a prime, so that one weighted check character catches every single wrong
//! character, every swap of neighbours, every swap around a third, and every twin error. A typing mistake is
//! therefore told apart from an unknown code without asking the database.

use std::{fmt, str::FromStr};

use rand::CryptoRng;
use unicode_normalization::UnicodeNormalization;

/// The characters of a code; a character's value is its place here.
const ALPHABET: &[u8; 23] = b"23456789CDFHJKMNPRTVWXY";
const LENGTH: usize = 12;
/// `5^(11-i) mod 23` for `i = 0..=11`.
const WEIGHTS: [u32; LENGTH] = weights();

/// What no household should find on its door, after look-alike digits are read as letters.
const OFFENSIVE: [&str; 21] = [
    "NAZ", "KKK", "FCK", "FVCK", "FXCK", "SHT", "CNT", "CVNT", "DCK", "PRCK", "TWT", "WHR", "FGT", "NGR",
    "NGGR", "RTRD", "HTLR", "PNS", "PSSY", "WNK", "KYS",
];

/// A well-formed access code: twelve characters of the alphabet whose check character is right.
///
/// It is a secret. `Debug` hides it; only [`AccessCode::grouped`] and [`AccessCode::plain`] show it.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessCode([u8; LENGTH]);

/// Why what was typed is not an access code. A look-up would be pointless.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessCodeError {
    /// Not twelve characters after spaces, dashes and the like were dropped.
    #[error("an access code has 12 letters and digits, this has {0}")]
    Length(usize),
    /// A character that no code contains and that resembles none.
    #[error("character {position} never occurs in an access code")]
    Character {
        /// Counted from 1, spaces and dashes left out.
        position: usize,
    },
    /// All characters are possible, together they are not.
    #[error("there is a typing mistake in this access code")]
    Check,
}

impl AccessCode {
    /// The code of samples: well-formed, and nobody's.
    #[must_use]
    pub const fn sample() -> Self {
        Self(*b"23456789CDF2")
    }

    /// Whether it stood in a sample.
    #[must_use]
    pub fn is_sample(&self) -> bool {
        *self == Self::sample()
    }

    /// Draws a fresh code: eleven characters from `rng` and the check character, offensive ones drawn again.
    pub fn draw(rng: &mut impl CryptoRng) -> Self {
        loop {
            // One request to the random source for a whole code. A byte of 230 or more would favour some characters.
            let mut random = [0_u8; 32];
            rng.fill_bytes(&mut random);
            let mut fair = random.into_iter().filter(|byte| *byte < 230);
            let mut values = [0_u32; LENGTH];
            for value in &mut values[..LENGTH - 1] {
                *value = u32::from(fair.next().unwrap_or(u8::MAX)) % 23;
            }
            if fair.next().is_none() {
                continue;
            }
            // The last weight is 1, so the last value is what the others leave to the next multiple of 23.
            values[LENGTH - 1] = (23 - weighted(&values) % 23) % 23;
            let code = Self(values.map(|value| ALPHABET[value as usize]));
            if !code.offends() && !code.is_sample() {
                return code;
            }
        }
    }

    /// The code as it is printed: `XXXX-XXXX-XXXX`.
    #[must_use]
    pub fn grouped(&self) -> String {
        let plain = self.plain();
        format!("{}-{}-{}", &plain[..4], &plain[4..8], &plain[8..])
    }

    /// The code as it stands in a link: twelve capitals and digits.
    #[must_use]
    pub fn plain(&self) -> &str {
        std::str::from_utf8(&self.0).expect("the alphabet is ASCII")
    }

    fn offends(&self) -> bool {
        let folded: String = self.0.iter().map(|&byte| read_as_letter(byte)).collect();
        OFFENSIVE.iter().any(|word| folded.contains(word))
    }
}

const fn weights() -> [u32; LENGTH] {
    let mut weights = [1; LENGTH];
    let mut i = LENGTH - 1;
    while i > 0 {
        weights[i - 1] = weights[i] * 5 % 23;
        i -= 1;
    }
    weights
}

fn weighted(values: &[u32; LENGTH]) -> u32 {
    values.iter().zip(WEIGHTS).map(|(value, weight)| value * weight).sum()
}

const fn read_as_letter(byte: u8) -> char {
    match byte {
        b'2' => 'Z',
        b'3' => 'E',
        b'4' => 'A',
        b'5' => 'S',
        b'6' | b'9' => 'G',
        b'7' => 'T',
        b'8' => 'B',
        other => other as char,
    }
}

/// What people read or type in place of a character of the alphabet.
const fn meant(typed: char) -> char {
    match typed {
        'O' | '0' | 'Q' => 'D',
        'B' => '8',
        'S' => '5',
        'Z' => '2',
        'G' => '6',
        'U' => 'V',
        other => other,
    }
}

impl FromStr for AccessCode {
    type Err = AccessCodeError;

    /// Reads a code as people type it: any case, with spaces or dashes, full-width forms and look-alikes accepted.
    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        let mut values = [0_u32; LENGTH];
        let mut length = 0;
        let mut impossible = None;
        let upper = typed.nfkc().flat_map(char::to_uppercase);
        for typed in upper.filter(|c| c.is_ascii_uppercase() || c.is_ascii_digit()) {
            let found = ALPHABET.iter().position(|&c| char::from(c) == meant(typed));
            if let (Some(slot), Some(value)) = (values.get_mut(length), found) {
                *slot = u32::try_from(value).expect("the alphabet is short");
            }
            length += 1;
            if found.is_none() && impossible.is_none() {
                impossible = Some(length);
            }
        }
        if length != LENGTH {
            return Err(AccessCodeError::Length(length));
        }
        if let Some(position) = impossible {
            return Err(AccessCodeError::Character { position });
        }
        if !weighted(&values).is_multiple_of(23) {
            return Err(AccessCodeError::Check);
        }
        Ok(Self(values.map(|value| ALPHABET[value as usize])))
    }
}

impl fmt::Debug for AccessCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessCode(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::{SeedableRng, rngs::StdRng};

    const VECTORS: [&str; 4] = ["2222-2222-2222", "2345-6789-CDF2", "YXWV-TRPN-MKJD", "7KWM-3RTX-9CHR"];

    #[test]
    fn vectors_are_valid_and_print_as_written() {
        for vector in VECTORS {
            assert_eq!(vector.parse::<AccessCode>().unwrap().grouped(), vector);
        }
    }

    #[test]
    fn forgiving_entry() {
        let code: AccessCode = "YXWV-TRPN-MKJD".parse().unwrap();
        for typed in
            ["yxwv trpn mkjo", "YXWUTRPNMKJ0", " ＹＸＷＶ–ＴＲＰＮ–ＭＫＪＤ ", "y.x.w.v/t.r.p.n/m.k.j.q"]
        {
            assert_eq!(typed.parse::<AccessCode>().as_ref(), Ok(&code), "{typed}");
        }
        let code: AccessCode = "2345-6789-CDF2".parse().unwrap();
        assert_eq!("z34sg7b9cdfz".parse::<AccessCode>(), Ok(code));
    }

    #[test]
    fn a_typing_mistake_is_told_apart() {
        assert_eq!("2222-2222-222".parse::<AccessCode>(), Err(AccessCodeError::Length(11)));
        assert_eq!("".parse::<AccessCode>(), Err(AccessCodeError::Length(0)));
        assert_eq!("22A2-2222-2222".parse::<AccessCode>(), Err(AccessCodeError::Character { position: 3 }));
        assert_eq!("2222-2222-2223".parse::<AccessCode>(), Err(AccessCodeError::Check));
    }

    #[test]
    fn debug_shows_no_code() {
        let code: AccessCode = VECTORS[3].parse().unwrap();
        assert_eq!(format!("{code:?}"), "AccessCode(***)");
    }

    proptest! {
        #[test]
        fn drawn_codes_are_valid_and_inoffensive(seed: u64) {
            let code = AccessCode::draw(&mut StdRng::seed_from_u64(seed));
            prop_assert_eq!(code.grouped().parse::<AccessCode>(), Ok(code.clone()));
            prop_assert!(!code.offends());
        }

        #[test]
        fn every_single_swap_jump_and_twin_error_is_caught(seed: u64, at in 0..LENGTH, other in 0..23_usize) {
            let code = AccessCode::draw(&mut StdRng::seed_from_u64(seed)).0;
            let mut wrong = Vec::new();
            let mut single = code;
            single[at] = ALPHABET[other];
            wrong.push(single);
            for gap in [1, 2] {
                if at + gap < LENGTH {
                    let mut swapped = code;
                    swapped.swap(at, at + gap);
                    wrong.push(swapped);
                }
            }
            if at + 1 < LENGTH && code[at] == code[at + 1] {
                let mut twin = code;
                twin[at] = ALPHABET[other];
                twin[at + 1] = ALPHABET[other];
                wrong.push(twin);
            }
            for wrong in wrong.into_iter().filter(|wrong| *wrong != code) {
                let typed = std::str::from_utf8(&wrong).unwrap();
                prop_assert_eq!(typed.parse::<AccessCode>(), Err(AccessCodeError::Check));
            }
        }

        #[test]
        fn anything_typed_is_answered(typed: String) {
            let _ = typed.parse::<AccessCode>();
        }
    }
}
