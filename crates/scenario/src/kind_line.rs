//! The syntax of the table of kinds: lines to kinds.

use std::sync::Arc;

use crate::registry::{Bound, Field, FieldDefault, Key, Kind, Range, RegistryError, Role, Status, Type};
use crate::value::{Dimension, Quantity};

/// What a line of the table says.
pub(crate) enum Line {
    Kind(Kind),
    Family { family: Arc<str>, noun: Arc<str>, unknown: Arc<str> },
    Common { family: Arc<str>, fields: Vec<Field>, status: Status },
    UnbuiltSeries(Arc<str>),
    Has { kind: Arc<str>, series: Vec<Arc<str>> },
}

/// Reads a table; an indented line belongs to the kind above it.
pub(crate) fn read_table(text: &str) -> Result<Vec<Line>, RegistryError> {
    let mut lines: Vec<Line> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let wrong = |what: &str| RegistryError::new(format!("line {}: {what}", number + 1));
        if line.starts_with(' ') {
            match lines.last_mut() {
                Some(Line::Kind(kind)) if kind.doc.is_none() => kind.doc = Some(line.trim().into()),
                _ => return Err(wrong("a sentence without a kind above it")),
            }
            continue;
        }
        read_line(line, &mut lines).map_err(|error| wrong(&error.to_string()))?;
    }
    Ok(lines)
}

fn read_line(line: &str, lines: &mut Vec<Line>) -> Result<(), RegistryError> {
    let columns: Vec<&str> = line.split('|').map(str::trim).collect();
    let (mark, family) =
        columns[0].split_once(' ').ok_or_else(|| RegistryError::new("a mark and a family are needed"))?;
    let status = match mark {
        "*" => Status::Built,
        "+" | "-" => Status::Known,
        _ => return Err(RegistryError::new(format!("`{mark}` is no mark: * + -"))),
    };
    match (family, &columns[1..]) {
        ("enum", [family, kinds]) => {
            for name in kinds.split_whitespace() {
                lines.push(Line::Kind(kind(family, name, "", "", status)?));
            }
        }
        ("family", [family, noun, unknown]) => {
            lines.push(Line::Family {
                family: (*family).into(),
                noun: (*noun).into(),
                unknown: (*unknown).into(),
            });
        }
        ("common", [family, list]) => {
            lines.push(Line::Common { family: (*family).into(), fields: fields(list)?, status });
        }
        ("series", [name]) => lines.push(Line::UnbuiltSeries((*name).into())),
        ("has", [kind, series]) => {
            let series = series.split_whitespace().map(Arc::from).collect();
            lines.push(Line::Has { kind: (*kind).into(), series });
        }
        (family, [name, main, list]) => lines.push(Line::Kind(kind(family, name, main, list, status)?)),
        _ => return Err(RegistryError::new("wrong number of columns")),
    }
    Ok(())
}

/// Makes a kind from its columns.
pub(crate) fn kind(
    family: &str,
    name: &str,
    main: &str,
    list: &str,
    status: Status,
) -> Result<Kind, RegistryError> {
    let fields = fields(list)?;
    for (at, field) in fields.iter().enumerate() {
        if fields[..at].iter().any(|other| other.name == field.name) {
            return Err(RegistryError::new(format!("field `{}` of `{name}` is there twice", field.name)));
        }
    }
    if !main.is_empty() && fields.iter().all(|field| &*field.name != main) {
        return Err(RegistryError::new(format!("the main field `{main}` of `{name}` is none of its fields")));
    }
    let main = (!main.is_empty()).then(|| Arc::from(main));
    Ok(Kind::new(family, name, main, fields, status))
}

fn fields(list: &str) -> Result<Vec<Field>, RegistryError> {
    list.split(';').map(str::trim).filter(|field| !field.is_empty()).map(field).collect()
}

/// Reads `name: type[!] [bound …] [= default] [{source}] [-]`.
fn field(text: &str) -> Result<Field, RegistryError> {
    let wrong = |what: &str| RegistryError::new(format!("in `{text}`: {what}"));
    let (name, rest) = text.split_once(':').ok_or_else(|| wrong("a field is `name: type`"))?;
    let (rest, status) = match rest.trim().strip_suffix(" -") {
        Some(rest) => (rest.trim(), Status::Known),
        None => (rest.trim(), Status::Built),
    };
    let (head, default) = match rest.split_once(" = ") {
        Some((head, default)) => (head.trim(), Some(default.trim())),
        None => (rest, None),
    };
    let (default, source) = match default.and_then(|text| text.strip_suffix('}')?.rsplit_once(" {")) {
        Some((default, source)) => (Some(default.trim()), Some(Arc::from(source))),
        None => (default, None),
    };
    let default = default.map(|text| match text.strip_prefix('`').and_then(|text| text.strip_suffix('`')) {
        Some(words) => FieldDefault::Words(words.into()),
        None => FieldDefault::Value(text.into()),
    });
    let mut words = head.split_whitespace();
    let written = words.next().ok_or_else(|| wrong("the type is missing"))?;
    let (written, required) = match written.strip_suffix('!') {
        Some(written) => (written, true),
        None => (written, false),
    };
    let mut range = Range::default();
    while let Some(operator) = words.next() {
        let bound = bound(words.next().unwrap_or("")).ok_or_else(|| wrong("a bound cannot be read"))?;
        match operator {
            ">" => range.low = Some((bound, false)),
            ">=" => range.low = Some((bound, true)),
            "<" => range.high = Some((bound, false)),
            "<=" => range.high = Some((bound, true)),
            _ => return Err(wrong(&format!("`{operator}` is no bound"))),
        }
    }
    let ty = parse_type(written).ok_or_else(|| wrong(&format!("`{written}` is no type")))?;
    Ok(Field {
        name: name.trim().into(),
        ty,
        written: written.into(),
        required,
        range,
        default,
        source,
        status,
    })
}

fn bound(text: &str) -> Option<Bound> {
    if let Some(limit) = text.strip_prefix("run.limits.") {
        return Some(Bound::Limit(limit.into()));
    }
    let number = text.parse().ok().or_else(|| Quantity::parse(text).ok().map(|quantity| quantity.value));
    number.map(Bound::Value)
}

/// Reads a type; `None` if it is none.
pub(crate) fn parse_type(text: &str) -> Option<Type> {
    if let Some(inside) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'))
        && closes_at_end(text)
    {
        return Some(Type::List(Box::new(parse_type(inside)?)));
    }
    if let Some(inside) = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'))
        && closes_at_end(text)
    {
        let (key, inside) = map_key(inside);
        return Some(Type::Map(key, Box::new(parse_type(inside)?)));
    }
    let alternatives = split_alternatives(text);
    if alternatives.len() > 1 {
        return Some(Type::Either(alternatives.into_iter().map(parse_type).collect::<Option<_>>()?));
    }
    if let Some(inner) = text.strip_suffix('~') {
        return Some(Type::Drawn(Box::new(parse_type(inner)?)));
    }
    if let Some(inner) = text.strip_suffix('@') {
        return Some(Type::Timed(Box::new(parse_type(inner)?)));
    }
    if let Some(family) = text.strip_prefix('<').and_then(|text| text.strip_suffix('>')) {
        return Some(Type::Family(family.into()));
    }
    if let Some(record) = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
        return Some(Type::Record(record.into()));
    }
    if let Some(section) = text.strip_prefix("name:") {
        return Some(Type::Name(Some(section.into())));
    }
    Some(match text {
        "text" => Type::Text,
        "flag" => Type::Flag,
        "count" => Type::Count,
        "number" => Type::Of(Dimension::Number),
        "ratio" => Type::Of(Dimension::Ratio),
        "duration" => Type::Of(Dimension::Duration),
        "rate" => Type::Of(Dimension::Rate),
        "size" => Type::Of(Dimension::Size),
        "bandwidth" => Type::Of(Dimension::Bandwidth),
        "money" => Type::Of(Dimension::Money),
        "price" => Type::Price,
        "metric" => Type::Metric,
        "condition" => Type::Condition,
        "name" => Type::Name(None),
        "any" => Type::Any,
        "path:call" => Type::Path(Role::Call),
        "path:part" => Type::Path(Role::Part),
        "path:region" => Type::Path(Role::Region),
        "path:harm" => Type::Path(Role::Harm),
        "path:place" => Type::Path(Role::Place),
        "value" => Type::Value,
        "param" => Type::Param,
        "preset" => Type::Preset,
        _ => return None,
    })
}

fn map_key(inside: &str) -> (Key, &str) {
    let keys = [
        ("edge:", Key::Edge),
        ("setting:", Key::Setting),
        ("time:", Key::Time),
        ("quantile:", Key::Quantile),
        ("pair:", Key::Pair),
        ("place:", Key::Place),
    ];
    let key = keys.into_iter().find_map(|(word, key)| Some((key, inside.strip_prefix(word)?)));
    key.unwrap_or((Key::Name, inside))
}

/// Returns whether the bracket a type begins with is closed by its last character.
fn closes_at_end(text: &str) -> bool {
    let mut depth = 0usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at + 1 == text.len();
        }
    }
    false
}

/// Splits at the slashes outside brackets.
fn split_alternatives(text: &str) -> Vec<&str> {
    let (mut depth, mut from, mut list) = (0usize, 0, Vec::new());
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'[' | b'{' | b'(' | b'<' => depth += 1,
            b']' | b'}' | b')' | b'>' => depth = depth.saturating_sub(1),
            b'/' if depth == 0 => {
                list.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    list.push(&text[from..]);
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_says_everything_in_one_line() {
        let field = field("wait: duration~! > 0s <= 5min = 30s {SQLAlchemy pool_timeout} -").unwrap();
        assert_eq!((&*field.name, &*field.written, field.required), ("wait", "duration~", true));
        assert_eq!(field.ty, Type::Drawn(Box::new(Type::Of(Dimension::Duration))));
        assert_eq!(field.range.low, Some((Bound::Value(0.0), false)));
        assert_eq!(field.range.high, Some((Bound::Value(300e9), true)));
        assert_eq!(field.default, Some(FieldDefault::Value("30s".into())));
        assert_eq!((field.source.as_deref(), field.status), (Some("SQLAlchemy pool_timeout"), Status::Known));
    }

    #[test]
    fn types_nest() {
        let text = || Box::new(Type::Text);
        assert_eq!(parse_type("[[text]]"), Some(Type::List(Box::new(Type::List(text())))));
        assert_eq!(
            parse_type("{{text}}"),
            Some(Type::Map(Key::Name, Box::new(Type::Map(Key::Name, text()))))
        );
        assert_eq!(
            parse_type("{setting:[value]/<range>}"),
            Some(Type::Map(
                Key::Setting,
                Box::new(Type::Either(vec![Type::List(Box::new(Type::Value)), Type::Family("range".into())]))
            ))
        );
        assert_eq!(parse_type("[text"), None);
        assert_eq!(parse_type("txt"), None);
    }
}
