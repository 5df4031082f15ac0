use std::fmt;
use std::ops::Range;

use super::cursor::{Cursor, is_name_char};
use super::dimension::Dimension;
use super::quantity::Quantity;
use super::text_error::{Spanned, TextError, shown};

/// The most characters a name may have.
pub const NAME_MAX: usize = 64;

/// The sections of a file: names that no thing may have, because a setting may begin with them.
pub const SECTIONS: &[&str] = &[
    "format",
    "title",
    "question",
    "assumptions",
    "sources",
    "not_modelled",
    "include",
    "set",
    "params",
    "presets",
    "run",
    "regions",
    "network",
    "domains",
    "machines",
    "prices",
    "keyspaces",
    "parts",
    "edges",
    "controllers",
    "faults",
    "actions",
    "slo",
    "watch",
    "variants",
    "sweep",
];

/// Checks a name: a letter of any script, then letters, digits, `-` and `_`, at most [`NAME_MAX`] characters.
///
/// # Errors
/// Says what a name is, at the first character that does not belong.
pub fn check_name(text: &str) -> Result<(), TextError> {
    const RULE: &str = "a name is letters, digits, `-` and `_`";
    let Some(first) = text.chars().next() else {
        return Err(TextError::new(0..0, "a name is empty").help(RULE));
    };
    if let Some((at, c)) = text.char_indices().find(|&(_, c)| !is_name_char(c)) {
        let found = shown(c.encode_utf8(&mut [0; 4]));
        let error = TextError::new(at..at + c.len_utf8(), RULE);
        return Err(error.help(format!("`{found}` does not belong; `label:` takes any text")));
    }
    if !first.is_alphabetic() {
        return Err(TextError::new(0..first.len_utf8(), RULE).help("it begins with a letter"));
    }
    if text.chars().nth(NAME_MAX).is_some() {
        return Err(TextError::new(0..text.len(), format!("a name has at most {NAME_MAX} characters")));
    }
    Ok(())
}

/// One step into a place, after `/`.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// A zone, a role or what stands there: `primary`.
    Name(String),
    /// An instance by number, from 0.
    Index(u32),
    /// Each instance on its own: `*`.
    Each,
    /// One instance, drawn anew each time: `any`.
    Any,
    /// Several instances, drawn anew each time: `any(2)`.
    AnyCount(u32),
    /// A part of the instances, drawn anew each time: `any(10%)` is 0.1.
    AnyShare(f64),
}

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Index(index) => write!(f, "{index}"),
            Self::Each => f.write_str("*"),
            Self::Any => f.write_str("any"),
            Self::AnyCount(count) => write!(f, "any({count})"),
            Self::AnyShare(share) => write!(f, "any({})", Quantity::new(*share, Dimension::Ratio)),
        }
    }
}

/// Where something stands: `web`, `web/3`, `web/any(10%)`, `eu/a/web`, `db/replica/1`.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// The thing: a part, region, domain or other name.
    pub root: Spanned<String>,
    /// The way from there, if it goes on.
    pub pieces: Vec<Spanned<Piece>>,
}

/// A place, or one operation or class of it: `db:write`.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The place.
    pub place: Place,
    /// The operation of a part or class of a client.
    pub operation: Option<Spanned<String>>,
}

/// One end of an edge.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// Whatever calls or is called: `*`.
    Everything(Spanned<()>),
    /// One target.
    Target(Target),
}

/// Which way an edge goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the first to the second: `->`.
    OneWay,
    /// Between the two, as network distances are: `<->`.
    BothWays,
}

/// The calls from one target to another: `web -> db`, `web:buy -> db:write`, `* -> db`.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// Who calls.
    pub from: End,
    /// One way or both.
    pub direction: Spanned<Direction>,
    /// Who is called.
    pub to: End,
}

/// A target or an edge, where both may stand.
#[derive(Clone, Debug, PartialEq)]
pub enum Path {
    /// `web/*`
    Target(Target),
    /// `web -> db`
    Edge(Edge),
}

/// What a setting belongs to.
#[derive(Clone, Debug, PartialEq)]
pub enum SettingBase {
    /// A section of the file: `run`, `params`, `machines`.
    Section(Spanned<String>),
    /// A thing, or an operation of it.
    Target(Target),
    /// An entry of `edges`.
    Edge(Edge),
}

/// One step into a value.
#[derive(Clone, Debug, PartialEq)]
pub enum SettingStep {
    /// A field, a name of ours, or the kind of an element of a list.
    Named(String),
    /// An element of a list, from 0.
    Index(u32),
}

/// The address of a value: `web.instances`, `web -> db.via.Retry.budget`, `web -> db.via[2]`, `run.seed`.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Where it begins.
    pub base: SettingBase,
    /// The way to the value; empty for the whole thing.
    pub steps: Vec<Spanned<SettingStep>>,
}

impl Place {
    /// Reads a place.
    ///
    /// # Errors
    /// What is not a place, with the piece that is at fault.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        whole(text, place, "a place")
    }

    /// Returns the bytes it was written at.
    pub fn span(&self) -> Range<usize> {
        self.root.span.start..self.pieces.last().map_or(self.root.span.end, |piece| piece.span.end)
    }
}

impl Target {
    /// Reads a target.
    ///
    /// # Errors
    /// What is not a target, with the piece that is at fault.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        whole(text, target, "a path")
    }

    /// Returns the bytes it was written at.
    pub fn span(&self) -> Range<usize> {
        let place = self.place.span();
        place.start..self.operation.as_ref().map_or(place.end, |operation| operation.span.end)
    }
}

impl End {
    /// Returns the bytes it was written at.
    pub fn span(&self) -> Range<usize> {
        match self {
            Self::Everything(star) => star.span.clone(),
            Self::Target(target) => target.span(),
        }
    }
}

impl Edge {
    /// Reads an edge.
    ///
    /// # Errors
    /// What is not an edge: no arrow, an arrow without blanks, a wrong end.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let path = Path::parse(text)?;
        match path {
            Path::Edge(edge) => Ok(edge),
            Path::Target(target) => {
                Err(TextError::new(target.span(), "an edge goes from one part to another")
                    .help(format!("write \"{} -> …\" or \"* -> {0}\"", shown(&target.to_string()))))
            }
        }
    }

    /// Returns the bytes it was written at.
    pub fn span(&self) -> Range<usize> {
        self.from.span().start..self.to.span().end
    }
}

impl Path {
    /// Reads a target or an edge.
    ///
    /// # Errors
    /// What is neither.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        whole(text, path, "a path")
    }

    /// Returns the bytes it was written at.
    pub fn span(&self) -> Range<usize> {
        match self {
            Self::Target(target) => target.span(),
            Self::Edge(edge) => edge.span(),
        }
    }
}

impl Setting {
    /// Reads a setting.
    ///
    /// # Errors
    /// What is not a setting, with the step that is at fault.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        if let Some(edge) = text.trim().strip_prefix("edges.").filter(|rest| rest.contains("->")) {
            let error =
                TextError::new(0..text.len(), "an edge is set by its ends, without the name of the section");
            return Err(error.help(format!("write {}", shown(edge))));
        }
        whole(text, setting, "a setting")
    }
}

/// Reads all of a text with `read`; `what` names it in the fault of what is left.
fn whole<'a, T>(
    text: &'a str,
    read: impl Fn(&mut Cursor<'a>) -> Result<T, TextError>,
    what: &str,
) -> Result<T, TextError> {
    let mut cursor = Cursor::new(text.trim_end());
    cursor.skip_blanks();
    if cursor.is_at_end() {
        return Err(TextError::new(0..text.len(), format!("{what} is missing")));
    }
    let start = cursor.at;
    let value = read(&mut cursor)?;
    if cursor.is_at_end() {
        return Ok(value);
    }
    if let Some(error) = arrow_fault(&cursor, start) {
        return Err(error);
    }
    let left = cursor.rest().trim_start();
    let span = cursor.text.len() - left.len()..cursor.text.len();
    let error = TextError::new(span, format!("`{}` does not belong to {what}", shown(left)));
    Err(if left.starts_with("->") || left.starts_with("<->") {
        error.help("name one part here, not the way between two")
    } else {
        error
    })
}

/// Returns the fault of an arrow without blanks or of another form, where a path stopped.
fn arrow_fault(cursor: &Cursor<'_>, start: usize) -> Option<TextError> {
    let read = cursor.text[start..cursor.at].trim_end();
    let after = cursor.rest().trim_start();
    let span = start..cursor.text.len();
    let joined = |from: &str, to: &str, arrow: &str| {
        let (from, to) = (shown(from.trim()), shown(to.trim()));
        format!("write \"{from} {arrow} {to}\"")
    };
    // A name may end with `-`, so "web->db" is read as far as "web-".
    if let (Some(from), Some(to)) = (read.strip_suffix('-'), after.strip_prefix('>')) {
        let error = TextError::new(span, "blanks stand around the arrow");
        return Some(error.help(joined(from, to, "->")));
    }
    for (other, arrow) in [("<->", "<->"), ("->", "->")] {
        // With its blanks it was read, or no edge may stand here.
        if let Some(to) = after.strip_prefix(other) {
            let has_blanks =
                cursor.rest().starts_with(char::is_whitespace) && to.starts_with(char::is_whitespace);
            return (!has_blanks).then(|| {
                TextError::new(span, "blanks stand around the arrow").help(joined(read, to, arrow))
            });
        }
    }
    if let Some(to) = after.strip_prefix("<-") {
        return Some(TextError::new(span, "an arrow goes from the caller").help(joined(to, read, "->")));
    }
    for other in ["=>", "-->", "→", "⇒", "↔"] {
        if let Some(to) = after.strip_prefix(other) {
            let arrow = if other == "↔" { "<->" } else { "->" };
            return Some(
                TextError::new(span, format!("an arrow is `{arrow}`")).help(joined(read, to, arrow)),
            );
        }
    }
    None
}

fn place(cursor: &mut Cursor<'_>) -> Result<Place, TextError> {
    let root = cursor.name("the name of a part")?;
    let mut pieces = Vec::new();
    while cursor.eat("/") {
        pieces.push(piece(cursor)?);
    }
    Ok(Place { root, pieces })
}

fn piece(cursor: &mut Cursor<'_>) -> Result<Spanned<Piece>, TextError> {
    let start = cursor.at;
    let piece = match cursor.peek() {
        Some('*') => {
            cursor.at += 1;
            Piece::Each
        }
        Some(c) if c.is_ascii_digit() => {
            let index = index(cursor)?;
            if cursor.peek().is_some_and(is_name_char) {
                cursor.take_while(is_name_char);
                let word = shown(&cursor.text[start..cursor.at]);
                return Err(TextError::new(
                    start..cursor.at,
                    format!("`{word}` is neither a number nor a name"),
                )
                .help("a name begins with a letter"));
            }
            Piece::Index(index)
        }
        Some(c) if c.is_alphabetic() => {
            let name = cursor.name("a name")?.value;
            match (name.as_str(), cursor.peek()) {
                ("any", Some('(')) => any_of(cursor, start)?,
                ("any", _) => Piece::Any,
                _ => Piece::Name(name),
            }
        }
        _ => {
            return Err(TextError::new(start - 1..cursor.here().end, "nothing follows `/`")
                .help("after `/` stands a name, a number, `*` or `any`"));
        }
    };
    Ok(Spanned::new(piece, start..cursor.at))
}

/// Reads `(2)` or `(10%)` after `any`.
fn any_of(cursor: &mut Cursor<'_>, start: usize) -> Result<Piece, TextError> {
    let open = cursor.at;
    cursor.at += 1;
    let inside = cursor.take_while(|c| c != ')');
    let span = open + 1..cursor.at;
    if !cursor.eat(")") {
        return Err(TextError::new(open..open + 1, "a bracket is not closed"));
    }
    let quantity = Quantity::parse(inside).map_err(|error| error.shifted(span.start))?;
    match quantity.dimension {
        Dimension::Ratio if quantity.value > 0.0 && quantity.value <= 1.0 => {
            Ok(Piece::AnyShare(quantity.value))
        }
        Dimension::Ratio => Err(TextError::new(span, "a share lies between 0% and 100%")),
        Dimension::Number if quantity.value > 0.0 && quantity.value < 1.0 => {
            let share = Quantity::new(quantity.value, Dimension::Ratio);
            Err(TextError::new(span, "a count is a whole number")
                .help(format!("write any({share}) for a share")))
        }
        Dimension::Number => {
            let count = quantity.count("count", span.clone())?;
            match u32::try_from(count) {
                Ok(0) => Err(TextError::new(start..cursor.at, "any(…) takes at least 1")),
                Ok(count) => Ok(Piece::AnyCount(count)),
                Err(_) => Err(TextError::new(span, format!("any(…) takes at most {}", u32::MAX))),
            }
        }
        other => Err(TextError::new(
            span,
            format!("any(…) takes a count or a share, not {}", other.with_article()),
        )
        .help("write any(2) or any(10%)")),
    }
}

fn index(cursor: &mut Cursor<'_>) -> Result<u32, TextError> {
    let start = cursor.at;
    let digits = cursor.take_while(|c| c.is_ascii_digit());
    digits
        .parse()
        .map_err(|_| TextError::new(start..cursor.at, format!("a number in a path is at most {}", u32::MAX)))
}

/// Reads a target; the metric grammar uses it for whose cost is asked.
pub(super) fn target(cursor: &mut Cursor<'_>) -> Result<Target, TextError> {
    let place = place(cursor)?;
    let operation = if cursor.eat(":") { Some(cursor.name("the name of an operation")?) } else { None };
    Ok(Target { place, operation })
}

fn end(cursor: &mut Cursor<'_>) -> Result<End, TextError> {
    let start = cursor.at;
    if cursor.eat("*") {
        return Ok(End::Everything(Spanned::new((), start..cursor.at)));
    }
    target(cursor).map(End::Target)
}

/// Reads a target or an edge; the metric grammar uses it for what stands before the last point.
pub(super) fn path(cursor: &mut Cursor<'_>) -> Result<Path, TextError> {
    let from = end(cursor)?;
    let blanks = cursor.at;
    let mut ahead = cursor.clone();
    ahead.skip_blanks();
    let start = ahead.at;
    let direction = if ahead.eat("->") {
        Some(Direction::OneWay)
    } else if ahead.eat("<->") {
        Some(Direction::BothWays)
    } else {
        None
    };
    if let Some(direction) = direction
        && start > blanks
    {
        let arrow = Spanned::new(direction, start..ahead.at);
        if ahead.is_at_end() {
            return Err(
                TextError::new(arrow.span, "the arrow leads nowhere").help("write whom it calls after it")
            );
        }
        if ahead.skip_blanks() > 0 {
            cursor.at = ahead.at;
            let to = end(cursor)?;
            return Ok(Path::Edge(Edge { from, direction: arrow, to }));
        }
    }
    match from {
        End::Target(target) => Ok(Path::Target(target)),
        End::Everything(star) => match arrow_fault(cursor, star.span.start) {
            Some(error) => Err(error),
            None => Err(TextError::new(star.span, "`*` alone is not a path")
                .help("write \"* -> db\" for all calls, \"web/*\" for each instance")),
        },
    }
}

fn setting(cursor: &mut Cursor<'_>) -> Result<Setting, TextError> {
    let base = match path(cursor)? {
        Path::Edge(edge) => SettingBase::Edge(edge),
        Path::Target(Target { place: Place { root, pieces }, operation: None })
            if pieces.is_empty() && SECTIONS.contains(&root.value.as_str()) =>
        {
            SettingBase::Section(root)
        }
        Path::Target(target) => SettingBase::Target(target),
    };
    let mut steps = Vec::new();
    loop {
        let start = cursor.at;
        let step = if cursor.eat(".") {
            SettingStep::Named(cursor.name("the name of a field")?.value)
        } else if cursor.peek() == Some('[') {
            SettingStep::Index(element(cursor)?)
        } else {
            return Ok(Setting { base, steps });
        };
        steps.push(Spanned::new(step, start..cursor.at));
    }
}

/// Reads `[2]`.
pub(super) fn element(cursor: &mut Cursor<'_>) -> Result<u32, TextError> {
    let start = cursor.at;
    cursor.eat("[");
    if !cursor.peek().is_some_and(|c| c.is_ascii_digit()) {
        return Err(TextError::new(start..cursor.here().end, "in `[ ]` stands a number")
            .help("the first element is [0]; a kind is reached by its name: via.Retry"));
    }
    let index = index(cursor)?;
    if !cursor.eat("]") {
        return Err(TextError::new(start..start + 1, "a bracket is not closed"));
    }
    Ok(index)
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.root)?;
        self.pieces.iter().try_for_each(|piece| write!(f, "/{piece}"))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.place)?;
        self.operation.iter().try_for_each(|operation| write!(f, ":{operation}"))
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything(_) => f.write_str("*"),
            Self::Target(target) => target.fmt(f),
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OneWay => "->",
            Self::BothWays => "<->",
        })
    }
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.from, self.direction, self.to)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Target(target) => target.fmt(f),
            Self::Edge(edge) => edge.fmt(f),
        }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.base {
            SettingBase::Section(section) => section.fmt(f)?,
            SettingBase::Target(target) => target.fmt(f)?,
            SettingBase::Edge(edge) => edge.fmt(f)?,
        }
        self.steps.iter().try_for_each(|step| match &step.value {
            SettingStep::Named(name) => write!(f, ".{name}"),
            SettingStep::Index(index) => write!(f, "[{index}]"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_settings_and_edges_print_as_they_were_written() {
        for text in [
            "web",
            "web/3",
            "web/*",
            "web/any",
            "web/any(2)",
            "web/any(10%)",
            "web/any(0.5%)",
            "eu",
            "eu/a",
            "eu/a/web",
            "db/primary",
            "db/replica/1",
            "db/shard/2/primary",
            "orders/partition/4",
            "rack-7",
            "db:write",
            "shoppers:buy",
            "db/shard/*",
            "größe",
            "любой/3",
            "店:買う",
        ] {
            assert_eq!(Target::parse(text).expect(text).to_string(), text);
            assert_eq!(Path::parse(text).expect(text).to_string(), text);
            assert_eq!(Setting::parse(text).expect(text).to_string(), text);
        }
        for text in [
            "web -> db",
            "web:buy -> db:write",
            "* -> db",
            "web -> *",
            "* -> *",
            "eu <-> us",
            "eu/a -> web/any(2)",
        ] {
            assert_eq!(Edge::parse(text).expect(text).to_string(), text);
            assert_eq!(Path::parse(text).expect(text).to_string(), text);
        }
        for text in [
            "web.instances",
            "params.load",
            "run.seed",
            "slo.fast",
            "machines.small.cores",
            "run",
            "api-hpa",
            "web.does.Compute.work",
            "web -> db.via.Retry.budget",
            "web -> db.via[2]",
            "* -> db.via",
            "web.does[0].work",
            "web/any(0.5%).speed",
            "web:buy -> db:write.via[0][1].x",
            "x.acme_Kind.y",
        ] {
            let setting = Setting::parse(text).expect(text);
            assert_eq!(setting.to_string(), text);
            assert_eq!(Setting::parse(&setting.to_string()), Ok(setting));
        }
    }

    #[test]
    fn pieces_mean_what_the_format_says() {
        let target = Target::parse("eu/a/web/3:buy").expect("a target");
        assert_eq!(target.place.root.value, "eu");
        assert_eq!(target.place.root.span, 0..2);
        let pieces: Vec<_> = target.place.pieces.iter().map(|p| (p.value.clone(), p.span.clone())).collect();
        assert_eq!(
            pieces,
            [(Piece::Name("a".into()), 3..4), (Piece::Name("web".into()), 5..8), (Piece::Index(3), 9..10)]
        );
        assert_eq!(target.operation.as_ref().map(|o| o.span.clone()), Some(11..14));
        assert_eq!(target.span(), 0..14);
        let last = |text| Place::parse(text).expect(text).pieces.pop().map(|piece| piece.value);
        assert_eq!(last("web/any(10%)"), Some(Piece::AnyShare(0.1)));
        assert_eq!(last("web/any(2)"), Some(Piece::AnyCount(2)));
        assert_eq!(last("web/any"), Some(Piece::Any));
        assert_eq!(last("web/*"), Some(Piece::Each));
        assert_eq!(last("any"), None);
        let edge = Edge::parse("web ->  db:read").expect("an edge");
        assert_eq!((edge.from.span(), edge.direction.span.clone(), edge.to.span()), (0..3, 4..6, 8..15));
        assert!(matches!(Setting::parse("run.seed").expect("setting").base, SettingBase::Section(_)));
        assert!(matches!(Setting::parse("web.seed").expect("setting").base, SettingBase::Target(_)));
    }

    #[test]
    fn faulty_paths_are_named_at_their_place() {
        for (text, span, message) in [
            ("", 0..0, "a path is missing"),
            ("  ", 0..2, "a path is missing"),
            ("3", 0..1, "`3` is not the name of a part; a name begins with a letter"),
            ("_x", 0..2, "`_x` is not the name of a part"),
            ("/web", 0..1, "the name of a part is missing before `/`"),
            ("web/", 3..4, "nothing follows `/`; after `/` stands a name, a number, `*` or `any`"),
            ("web//3", 3..5, "nothing follows `/`"),
            ("web/3x", 4..6, "`3x` is neither a number nor a name"),
            ("web/99999999999", 4..15, "a number in a path is at most 4294967295"),
            ("web/any(", 7..8, "a bracket is not closed"),
            ("web/any()", 8..8, "a value is missing"),
            ("web/any(0)", 4..10, "any(…) takes at least 1"),
            ("web/any(2.5)", 8..11, "a count is a whole number; did you mean 2 or 3?"),
            ("web/any(0.1)", 8..11, "a count is a whole number; write any(10%) for a share"),
            ("web/any(150%)", 8..12, "a share lies between 0% and 100%"),
            ("web/any(2s)", 8..10, "any(…) takes a count or a share, not a duration"),
            ("web/any(two)", 8..11, "\"two\" is not a quantity"),
            ("db:", 3..3, "the name of an operation is missing"),
            ("db:9", 3..4, "`9` is not the name of an operation"),
            ("web db", 4..6, "`db` does not belong to a path"),
            ("web.x", 3..5, "`.x` does not belong to a path"),
            ("web->db", 0..7, "blanks stand around the arrow; write \"web -> db\""),
            ("web ->db", 0..8, "blanks stand around the arrow; write \"web -> db\""),
            ("web-> db", 0..8, "blanks stand around the arrow; write \"web -> db\""),
            ("web<->db", 0..8, "blanks stand around the arrow; write \"web <-> db\""),
            ("*->db", 0..5, "blanks stand around the arrow; write \"* -> db\""),
            ("web => db", 0..9, "an arrow is `->`; write \"web -> db\""),
            ("web → db", 0..10, "an arrow is `->`; write \"web -> db\""),
            ("web <- db", 0..9, "an arrow goes from the caller; write \"db -> web\""),
            ("web ->", 4..6, "the arrow leads nowhere"),
            ("web -> 7", 7..8, "`7` is not the name of a part"),
            ("web -> db -> x", 10..14, "`-> x` does not belong to a path"),
            ("*", 0..1, "`*` alone is not a path; write \"* -> db\""),
        ] {
            let error = Path::parse(text).expect_err(text);
            assert_eq!(error.span, span, "{text}: {error}");
            assert!(error.to_string().starts_with(message), "{text}: {error}");
        }
        let error = Edge::parse("web").expect_err("no edge");
        assert_eq!(
            error.to_string(),
            "an edge goes from one part to another; write \"web -> …\" or \"* -> web\""
        );
        let error = Target::parse("web -> db").expect_err("no target");
        assert_eq!((error.span.clone(), error.message.as_str()), (4..9, "`-> db` does not belong to a path"));
        for (text, span, message) in [
            ("web.", 4..4, "the name of a field is missing"),
            ("web.via[", 7..8, "in `[ ]` stands a number"),
            ("web.via[x]", 7..9, "in `[ ]` stands a number"),
            ("web.via[2", 7..8, "a bracket is not closed"),
            ("web.5", 4..5, "`5` is not the name of a field"),
            ("web.a -> db", 6..11, "`-> db` does not belong to a setting"),
        ] {
            let error = Setting::parse(text).expect_err(text);
            assert_eq!(error.span, span, "{text}: {error}");
            assert!(error.to_string().starts_with(message), "{text}: {error}");
        }
    }

    #[test]
    fn names_are_letters_digits_and_two_signs() {
        for name in ["a", "web-2", "größe_3", "店", &"x".repeat(64)] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        for (name, span, message) in [
            ("", 0..0, "a name is empty"),
            ("web shop", 3..4, "a name is letters, digits, `-` and `_`; ` ` does not belong"),
            ("web/1", 3..4, "a name is letters, digits, `-` and `_`"),
            ("-web", 0..1, "a name is letters, digits, `-` and `_`; it begins with a letter"),
            ("2web", 0..1, "a name is letters, digits, `-` and `_`; it begins with a letter"),
            ("a\u{202e}b", 1..4, "a name is letters, digits, `-` and `_`; `\\u{202e}` does not belong"),
            ("a\u{3164}b", 1..4, "a name is letters, digits, `-` and `_`; `\\u{3164}` does not belong"),
            (&"x".repeat(65), 0..65, "a name has at most 64 characters"),
        ] {
            let error = check_name(name).expect_err(name);
            assert_eq!(error.span, span, "{name}");
            assert!(error.to_string().starts_with(message), "{name}: {error}");
        }
        assert!(Target::parse(&"x".repeat(65)).is_err());
        assert!(SECTIONS.iter().all(|name| check_name(name).is_ok()));
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange_and_every_span_lies_in_it(
            text in prop_oneof![any::<String>(), "[a-zé*:/.0-9<> \\[\\]()%→-]{0,16}"],
        ) {
            let faults = [
                Place::parse(&text).err(), Target::parse(&text).err(), Edge::parse(&text).err(),
                Path::parse(&text).err(), Setting::parse(&text).err(), check_name(&text).err(),
            ];
            for error in faults.into_iter().flatten() {
                prop_assert!(text.get(error.span.clone()).is_some(), "{error:?}");
            }
        }

        #[test]
        fn what_is_printed_reads_back_as_the_same(
            text in "[a-z][a-z0-9_-]{0,3}(/([a-z]|[0-9]|\\*|any|any\\([1-9]\\)|any\\([1-9]\\.[1-9]%\\))){0,3}(:[a-z]{1,3})?( (->|<->) (\\*|[a-z]))?(\\.[a-z]|\\[[0-9]\\]){0,3}",
        ) {
            let setting = Setting::parse(&text).expect("as the grammar has it");
            prop_assert_eq!(setting.to_string(), text);
            prop_assert_eq!(Setting::parse(&setting.to_string()), Ok(setting));
        }
    }
}
