//! The languages that a browser asks for.

/// The most languages that are looked at. Browsers send up to ten.
const MOST: usize = 20;

/// The language ranges of an `Accept-Language` header (RFC 9110 section 12.5.4), the most wanted first. What is refused
/// by `q=0`, and what can't be read, is left out.
pub(super) fn ranges(header: &str) -> Vec<&str> {
    let mut ranges: Vec<_> = header.split(',').take(MOST).filter_map(range).collect();
    // This keeps the order of those that are wanted alike.
    ranges.sort_by_key(|(_, quality)| std::cmp::Reverse(*quality));
    ranges.into_iter().map(|(range, _)| range).collect()
}

fn range(text: &str) -> Option<(&str, u16)> {
    let mut parts = text.split(';').map(str::trim);
    let range = parts.next().filter(|range| !range.is_empty())?;
    let quality = match parts.next() {
        Some(weight) => thousandths(weight.strip_prefix("q=").or_else(|| weight.strip_prefix("Q="))?)?,
        None => 1000,
    };
    (quality > 0 && parts.next().is_none()).then_some((range, quality))
}

/// A weight, which has three digits after the point at the most, in thousandths.
fn thousandths(weight: &str) -> Option<u16> {
    let (whole, part) = weight.split_once('.').unwrap_or((weight, ""));
    if !matches!(whole, "0" | "1") || part.len() > 3 || !part.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    format!("{whole}{part:0<3}").parse().ok().filter(|thousandths| *thousandths <= 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_come_in_the_order_of_their_weights() {
        assert_eq!(ranges("da, en-gb;q=0.8, en;q=0.7"), ["da", "en-gb", "en"]);
        assert_eq!(ranges("en;q=0.5,de ; q=1.000,fr;Q=0.51"), ["de", "fr", "en"]);
        assert_eq!(ranges("de,en,fr"), ["de", "en", "fr"]);
        assert_eq!(ranges("en;q=0, *;q=0.1, de;q=0.001"), ["*", "de"]);
    }

    #[test]
    fn what_is_no_range_is_left_out() {
        for hostile in ["", ",", ";;", ";q=1", "de;q=", "de;q=2", "de;q=1.001", "de;q=-1", "de;q=NaN", "de;q=1e1"] {
            assert_eq!(ranges(hostile), [""; 0], "{hostile:?}");
        }
        for hostile in ["de;q=0.0001", "de;q=0,5", "de;x=1", "de;q=1;q=0", "de;q=+1", "de;q=\u{661}"] {
            assert!(!ranges(hostile).contains(&"de"), "{hostile:?}");
        }
    }

    #[test]
    fn a_long_header_is_not_read_to_its_end() {
        assert_eq!(ranges(&"de,".repeat(100_000)).len(), MOST);
    }
}
