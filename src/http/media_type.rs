//! The media type of an answer (GraphQL over HTTP, section 6; RFC 9110 section 12.5.1).

/// A media type of GraphQL answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MediaType {
    /// `application/graphql-response+json`: the status shows errors.
    GraphqlResponse,
    /// `application/json`: the status is 200 for every request that is well-formed.
    Json,
}

impl MediaType {
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }

    /// How exactly a media range matches this type: 3 by its name, 2 by its first half, 1 as anything, 0 not at all.
    fn matched(self, range: &str) -> u8 {
        let name = match self {
            Self::GraphqlResponse => "application/graphql-response+json",
            Self::Json => "application/json",
        };
        match range {
            range if range.eq_ignore_ascii_case(name) => 3,
            range if range.eq_ignore_ascii_case("application/*") => 2,
            "*/*" => 1,
            _ => 0,
        }
    }
}

/// The type that the client prefers, or `None` if it accepts neither. Without a preference, or if a wildcard accepts
/// both equally, it is `application/json`. If the client names both equally, it is the one that it names first.
pub(crate) fn negotiate(accept: Option<&str>) -> Option<MediaType> {
    let Some(accept) = accept.filter(|accept| !accept.trim().is_empty()) else {
        return Some(MediaType::Json);
    };
    let ranges: Vec<(&str, u16)> = accept.split(',').filter_map(range).collect();
    let rank = |media_type: MediaType| {
        // The most exact range decides.
        let (place, quality, exact) = ranges
            .iter()
            .enumerate()
            .map(|(place, (range, quality))| (place, *quality, media_type.matched(range)))
            .filter(|(_, _, exact)| *exact > 0)
            .max_by_key(|(place, _, exact)| (*exact, std::cmp::Reverse(*place)))?;
        (quality > 0).then_some((quality, exact, std::cmp::Reverse(place)))
    };
    match (rank(MediaType::Json), rank(MediaType::GraphqlResponse)) {
        (None, None) => None,
        (json, graphql) if json >= graphql => Some(MediaType::Json),
        _ => Some(MediaType::GraphqlResponse),
    }
}

/// A media range and its quality in thousandths.
fn range(part: &str) -> Option<(&str, u16)> {
    let mut pieces = part.split(';').map(str::trim);
    let range = pieces.next().filter(|range| !range.is_empty())?;
    let quality = pieces
        .find_map(|parameter| parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q=")))
        .map_or(Some(1.0), |quality| quality.parse::<f32>().ok().filter(|quality| (0.0..=1.0).contains(quality)))?;
    Some((range, (quality * 1000.0).round() as u16))
}

#[cfg(test)]
mod tests {
    use super::MediaType::{GraphqlResponse, Json};
    use super::*;

    #[test]
    fn the_type_that_the_client_likes_best_is_taken() {
        for (accept, expected) in [
            (None, Some(Json)),
            (Some(""), Some(Json)),
            (Some("*/*"), Some(Json)),
            (Some("application/json"), Some(Json)),
            (Some("application/graphql-response+json"), Some(GraphqlResponse)),
            (Some("application/graphql-response+json, application/json;q=0.9"), Some(GraphqlResponse)),
            (Some("application/json;q=0.5, application/graphql-response+json;q=0.8"), Some(GraphqlResponse)),
            (Some("application/graphql-response+json, application/json"), Some(GraphqlResponse)),
            (Some("application/json, application/graphql-response+json"), Some(Json)),
            (Some("application/graphql-response+json;q=0, */*"), Some(Json)),
            (Some("Application/JSON; charset=utf-8"), Some(Json)),
            (Some("application/*;q=0.1"), Some(Json)),
            (Some("text/html,application/xhtml+xml,*/*;q=0.8"), Some(Json)),
            (Some("text/html"), None),
            (Some("application/json;q=0"), None),
            (Some("application/json;q=lots"), None),
        ] {
            assert_eq!(negotiate(accept), expected, "{accept:?}");
        }
    }
}
