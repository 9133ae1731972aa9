//! The QR code of a URI.

use qrcode::render::svg::Color;
use qrcode::{EcLevel, QrCode};

use crate::error::{Error, OrInternal};

/// The QR code of `text` as an SVG element, which can stand in a page or in a `data:` URL. It has the margin that readers need.
///
/// # Errors
/// [`Error::Internal`] when the text is longer than any QR code holds.
pub(crate) fn svg(text: &str) -> Result<String, Error> {
    // With less redundancy, a long URI has larger squares.
    let code = QrCode::with_error_correction_level(text, EcLevel::L).or_internal()?;
    let svg = code.render::<Color<'_>>().min_dimensions(240, 240).build();
    // The declaration of XML can't stand in a page.
    Ok(svg.find("<svg").map_or(svg.clone(), |start| svg[start..].to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_qr_code_is_one_element_without_anything_that_runs_or_loads() {
        for text in ["otpauth://totp/a:b?secret=A", &"<script>&\"".repeat(200)] {
            let svg = svg(text).unwrap();
            assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>"), "{svg:.80}");
            assert!(!svg.contains("script") && !svg.contains("href") && !svg.contains("url("), "{svg:.80}");
        }
        assert!(svg(&"x".repeat(3000)).is_err());
    }
}
