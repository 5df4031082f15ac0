use std::fmt;
use std::ops::Range;

use super::arithmetic::{self, Fault};
use super::cursor::{Cursor, is_name_char};
use super::dimension::Dimension;
use super::quantity::{Decimal, Quantity, is_currency};
use super::text_error::{Spanned, TextError, nearest, shown};

/// How deep brackets, functions, signs and powers may lie in each other; each level is one call of the reader.
const DEPTH_MAX: usize = 64;

/// A computed value: `"=peak * 1.5 + 100/s"`.
///
/// Operators stand between blanks, so that `250/s` is one quantity and `cart-cache` one name.
/// Functions are `min max ceil floor round sqrt`.
/// `^` binds strongest and to the right, then the sign, then `* /`, then `+ -`: `-2 ^ 2` is -4, as in mathematics.
///
/// The formula is kept in postfix order, so that evaluating and dropping it need no recursion however long it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Formula {
    text: String,
    steps: Vec<Spanned<Step>>,
}

#[derive(Clone, Debug, PartialEq)]
enum Step {
    Literal(Quantity),
    Name(String),
    Negate,
    Binary(Operation),
    Function(Function, usize),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Function {
    Min,
    Max,
    Ceil,
    Floor,
    Round,
    Sqrt,
}

const FUNCTIONS: [(&str, Function); 6] = [
    ("min", Function::Min),
    ("max", Function::Max),
    ("ceil", Function::Ceil),
    ("floor", Function::Floor),
    ("round", Function::Round),
    ("sqrt", Function::Sqrt),
];

impl Formula {
    /// Returns whether a text is a formula: it begins with `=`.
    pub fn is_formula(text: &str) -> bool {
        text.trim_start().starts_with('=')
    }

    /// Reads a formula with its `=`.
    ///
    /// # Errors
    /// What is not a formula; spans count from the start of `text`.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let mut cursor = Cursor::new(text.trim_end());
        cursor.skip_blanks();
        if !cursor.eat("=") {
            return Err(TextError::new(0..text.len(), "a formula begins with `=`"));
        }
        cursor.skip_blanks();
        if cursor.is_at_end() {
            return Err(TextError::new(0..text.len(), "nothing follows `=`")
                .help("a formula is for example \"=peak * 1.5\""));
        }
        let mut reader = Reader { cursor, steps: Vec::new() };
        reader.sum(0)?;
        if reader.cursor.is_at_end() {
            return Ok(Self { text: text.to_owned(), steps: reader.steps });
        }
        Err(TextError::new(reader.cursor.here(), "this bracket was never opened"))
    }

    /// Returns the formula as written, with its `=`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the names it uses with their places, in the order of writing; a name used twice comes twice.
    pub fn names(&self) -> impl Iterator<Item = (&str, Range<usize>)> {
        self.steps.iter().filter_map(|step| match &step.value {
            Step::Name(name) => Some((name.as_str(), step.span.clone())),
            _ => None,
        })
    }

    /// Returns a fault for each name that is not known, with the one that was likely meant.
    pub fn unknown_names<'a>(&self, known: impl Iterator<Item = &'a str> + Clone) -> Vec<TextError> {
        let is_unknown = |name: &str| known.clone().all(|k| k != name);
        let unknown = self.names().filter(|(name, _)| is_unknown(name));
        unknown
            .map(|(name, span)| {
                let error = no_parameter(name, span);
                match nearest(name, known.clone()) {
                    Some(meant) => error.help(format!("did you mean \"{meant}\"?")),
                    None => error,
                }
            })
            .collect()
    }

    /// Computes the value with the values of names.
    ///
    /// # Errors
    /// A name without a value, dimensions that do not fit, division by zero, a result that is not finite.
    pub fn evaluate(&self, lookup: &dyn Fn(&str) -> Option<Quantity>) -> Result<Quantity, TextError> {
        let mut stack: Vec<Spanned<Quantity>> = Vec::new();
        for step in &self.steps {
            let span = step.span.clone();
            let value = match &step.value {
                Step::Literal(quantity) => *quantity,
                Step::Name(name) => lookup(name).ok_or_else(|| no_parameter(name, span.clone()))?,
                Step::Negate => {
                    let of = pop(&mut stack).value;
                    Quantity { value: -of.value, ..of }
                }
                Step::Binary(operation) => {
                    let right = pop(&mut stack);
                    let left = pop(&mut stack);
                    operation.apply(left.value, right.value).map_err(|fault| self.explain(fault, &span))?
                }
                Step::Function(function, arguments) => {
                    let arguments = stack.split_off(stack.len() - arguments);
                    let values: Vec<Quantity> = arguments.iter().map(|a| a.value).collect();
                    self.whole_numbers_are_of_numbers(*function, &arguments)?;
                    function.apply(&values).map_err(|fault| self.explain(fault, &span))?
                }
            };
            // What a caller's name brings in is checked like what was written.
            if !value.value.is_finite() {
                return Err(self.explain(Fault::TooLarge, &span));
            }
            stack.push(Spanned::new(value, span));
        }
        let result = pop(&mut stack);
        result.value.checked_limits(result.span)
    }

    /// Computes a value of the dimension that is needed.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate), and a result of another dimension.
    pub fn evaluate_as(
        &self,
        needed: Dimension,
        lookup: &dyn Fn(&str) -> Option<Quantity>,
    ) -> Result<Quantity, TextError> {
        let result = self.evaluate(lookup)?;
        if needed.accepts(result.dimension) {
            return Ok(result);
        }
        let span = self.steps.last().map_or(0..self.text.len(), |step| step.span.clone());
        let message = format!(
            "`{}` is {}, {} is needed",
            self.shown_span(&span),
            result.dimension.with_article(),
            needed.with_article()
        );
        Err(TextError::new(span, message))
    }

    fn shown_span(&self, span: &Range<usize>) -> String {
        shown(&self.text[span.clone()])
    }

    fn whole_numbers_are_of_numbers(
        &self,
        function: Function,
        arguments: &[Spanned<Quantity>],
    ) -> Result<(), TextError> {
        let rounds = matches!(function, Function::Ceil | Function::Floor | Function::Round);
        let with_unit = |a: &&Spanned<Quantity>| !a.value.dimension.is_like(Dimension::Number);
        match arguments.iter().find(with_unit) {
            Some(argument) if rounds => {
                let message = format!(
                    "`{}` is {}, `{}` needs a number",
                    self.shown_span(&argument.span),
                    argument.value.dimension.with_article(),
                    function.name()
                );
                Err(TextError::new(argument.span.clone(), message)
                    .help("divide it by a unit first, such as 1s"))
            }
            _ => Ok(()),
        }
    }

    fn explain(&self, fault: Fault, span: &Range<usize>) -> TextError {
        let text = self.shown_span(span);
        let message = match fault {
            Fault::Mixed(left, right) => {
                format!("`{text}` mixes {} and {}", left.with_article(), right.with_article())
            }
            Fault::Currencies(left, right) => format!("`{text}` mixes {left} and {right}"),
            Fault::DivisionByZero => format!("`{text}` divides by zero"),
            Fault::TooLarge => format!("`{text}` is too large: a number must be finite"),
            Fault::RootBelowZero => format!("`{text}` is the root of a value below 0"),
            Fault::NotANumber => format!("`{text}` is a power of a value below 0 that is not whole"),
            Fault::ExponentWithUnit(given) => {
                format!("`{text}`: an exponent is a number, not {}", given.with_article())
            }
            Fault::PowerNotWhole(base) => {
                format!("`{text}`: {} takes whole powers only", base.with_article())
            }
            Fault::NoRoot(of) => format!("`{text}`: {} has no square root", of.with_article()),
            Fault::TooManyFactors => format!("`{text}` multiplies too many quantities with units"),
        };
        TextError::new(span.clone(), message)
    }
}

impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn pop(stack: &mut Vec<Spanned<Quantity>>) -> Spanned<Quantity> {
    stack.pop().expect("the reader puts every operation after its operands")
}

fn no_parameter(name: &str, span: Range<usize>) -> TextError {
    TextError::new(span, format!("no parameter \"{}\"", shown(name)))
}

impl Operation {
    fn of(c: char) -> Option<Self> {
        Some(match c {
            '+' => Self::Add,
            '-' => Self::Subtract,
            '*' => Self::Multiply,
            '/' => Self::Divide,
            '^' => Self::Power,
            _ => return None,
        })
    }

    fn apply(self, left: Quantity, right: Quantity) -> Result<Quantity, Fault> {
        match self {
            Self::Add => arithmetic::combine(left, right, |a, b| a + b),
            Self::Subtract => arithmetic::combine(left, right, |a, b| a - b),
            Self::Multiply => arithmetic::multiply(left, right),
            Self::Divide => arithmetic::divide(left, right),
            Self::Power => arithmetic::power(left, right),
        }
    }
}

impl Function {
    fn name(self) -> &'static str {
        FUNCTIONS.iter().find(|(_, function)| *function == self).map_or("", |(name, _)| name)
    }

    fn apply(self, arguments: &[Quantity]) -> Result<Quantity, Fault> {
        let first = arguments[0];
        let number = |value| Ok(Quantity::number(value));
        let fold = |f: fn(f64, f64) -> f64| {
            arguments[1..].iter().try_fold(first, |best, next| arithmetic::combine(best, *next, f))
        };
        match self {
            Self::Min => fold(f64::min),
            Self::Max => fold(f64::max),
            Self::Ceil => number(first.value.ceil()),
            Self::Floor => number(first.value.floor()),
            Self::Round => number(first.value.round()),
            Self::Sqrt => arithmetic::square_root(first),
        }
    }
}

struct Reader<'a> {
    cursor: Cursor<'a>,
    steps: Vec<Spanned<Step>>,
}

type Span = Result<Range<usize>, TextError>;

impl Reader<'_> {
    fn push(&mut self, step: Step, span: Range<usize>) -> Range<usize> {
        self.steps.push(Spanned::new(step, span.clone()));
        span
    }

    fn sum(&mut self, depth: usize) -> Span {
        self.left_to_right(depth, &['+', '-'], Self::product)
    }

    fn product(&mut self, depth: usize) -> Span {
        self.left_to_right(depth, &['*', '/'], Self::signed)
    }

    fn left_to_right(
        &mut self,
        depth: usize,
        operators: &[char],
        operand: fn(&mut Self, usize) -> Span,
    ) -> Span {
        let mut span = operand(self, depth)?;
        while let Some(operation) = self.operator(operators)? {
            let right = operand(self, depth)?;
            span = self.push(Step::Binary(operation), span.start..right.end);
        }
        Ok(span)
    }

    fn signed(&mut self, depth: usize) -> Span {
        let start = self.cursor.at;
        if depth > DEPTH_MAX {
            return Err(TextError::new(self.cursor.here(), format!("a formula is at most {DEPTH_MAX} deep")));
        }
        if !self.cursor.eat("-") {
            return self.power(depth);
        }
        self.cursor.skip_blanks();
        let of = self.signed(depth + 1)?;
        Ok(self.push(Step::Negate, start..of.end))
    }

    fn power(&mut self, depth: usize) -> Span {
        let base = self.operand(depth)?;
        match self.operator(&['^'])? {
            None => Ok(base),
            Some(operation) => {
                let exponent = self.signed(depth + 1)?;
                Ok(self.push(Step::Binary(operation), base.start..exponent.end))
            }
        }
    }

    /// Reads one of `operators` with its blanks, or nothing if something else may follow an operand here.
    fn operator(&mut self, operators: &[char]) -> Result<Option<Operation>, TextError> {
        let before = self.cursor.at;
        let mut ahead = self.cursor.clone();
        let blank_before = ahead.skip_blanks() > 0;
        let span = ahead.here();
        let Some(c) = ahead.peek() else {
            self.cursor.at = ahead.at;
            return Ok(None);
        };
        if c == ')' || c == ',' {
            return Ok(None);
        }
        let Some(operation) = Operation::of(c) else {
            return Err(self.no_operator(before, ahead));
        };
        ahead.at = span.end;
        let blank_after = ahead.skip_blanks() > 0;
        if ahead.is_at_end() {
            return Err(TextError::new(span, format!("nothing follows `{c}`")));
        }
        if !blank_before || !blank_after {
            return Err(TextError::new(span, "operators stand between blanks")
                .help(format!("write `a {c} b`; without blanks `a-b` is one name and `2/s` one quantity")));
        }
        if operators.contains(&c) {
            self.cursor.at = ahead.at;
            return Ok(Some(operation));
        }
        Ok(None)
    }

    /// Returns the fault of something that is no operator after an operand.
    fn no_operator(&self, before: usize, mut ahead: Cursor<'_>) -> TextError {
        let c = ahead.peek().unwrap_or(' ');
        if !is_name_char(c) && c != '(' && !is_currency(c) && c != '%' {
            return unexpected(&ahead);
        }
        let start = ahead.at;
        let word = ahead.take_while(|c| is_name_char(c) || c == '%').to_owned();
        let span = start..ahead.at.max(start + c.len_utf8());
        let error =
            TextError::new(span.clone(), format!("an operator is missing before `{}`", self.shown(&span)));
        // `90 min` is right elsewhere.
        if let Some(step) = self.steps.last()
            && let Step::Literal(_) = step.value
            && step.span.end == before
        {
            let joined = format!("{}{word}", &self.cursor.text[step.span.clone()]);
            if Quantity::parse(&joined).is_ok() {
                return error
                    .help(format!("in a formula a unit follows without a blank: `{}`", shown(&joined)));
            }
        }
        error
    }

    fn shown(&self, span: &Range<usize>) -> String {
        shown(&self.cursor.text[span.clone()])
    }

    fn operand(&mut self, depth: usize) -> Span {
        let start = self.cursor.at;
        match self.cursor.peek() {
            None => Err(TextError::new(start..start, "a value is missing")),
            Some('(') => {
                self.cursor.at += 1;
                self.cursor.skip_blanks();
                self.sum(depth + 1)?;
                self.close(start)?;
                // The brackets are part of what a message shows.
                let span = start..self.cursor.at;
                if let Some(step) = self.steps.last_mut() {
                    step.span = span.clone();
                }
                Ok(span)
            }
            Some(c) if c.is_ascii_digit() || is_currency(c) => self.literal(),
            Some(c) if c.is_alphabetic() => {
                let name = self.cursor.name("the name of a parameter")?;
                if self.cursor.peek() == Some('(') {
                    return self.function(&name, depth);
                }
                Ok(self.push(Step::Name(name.value), name.span))
            }
            Some(')' | ',') => Err(TextError::new(
                self.cursor.here(),
                format!("a value is missing before `{}`", self.shown(&self.cursor.here())),
            )),
            Some('.') => {
                Err(TextError::new(self.cursor.here(), "a number begins with a digit").help("write 0.5"))
            }
            Some(c) if Operation::of(c).is_some() => {
                Err(TextError::new(self.cursor.here(), format!("a value is missing before `{c}`")))
            }
            Some(_) => Err(unexpected(&self.cursor)),
        }
    }

    fn close(&mut self, open: usize) -> Result<(), TextError> {
        self.cursor.skip_blanks();
        if self.cursor.eat(")") {
            return Ok(());
        }
        match self.cursor.peek() {
            Some(',') => {
                Err(TextError::new(self.cursor.here(), "a comma stands between the values of a function")
                    .help("a decimal point is `.`"))
            }
            _ => Err(TextError::new(open..open + 1, "a bracket is not closed")),
        }
    }

    fn literal(&mut self) -> Span {
        let start = self.cursor.at;
        let sign = self.cursor.take_while(is_currency).len();
        let number = Decimal::scan(self.cursor.rest()).map_or(0, |number| number.length);
        self.cursor.at += number;
        // What sticks to the number is its unit, right or wrong; `/` only before a letter, so that `10/2` is noticed.
        while self.cursor.peek().is_some_and(|c| {
            let after = self.cursor.rest().chars().nth(1);
            c.is_alphanumeric()
                || matches!(c, '%' | '_' | '.')
                || (c == '/' && after.is_some_and(char::is_alphabetic))
        }) {
            self.cursor.at = self.cursor.here().end;
        }
        debug_assert!(sign + number > 0, "called at a digit or a currency sign");
        let quantity = Quantity::parse(&self.cursor.text[start..self.cursor.at])
            .map_err(|error| error.shifted(start))?;
        Ok(self.push(Step::Literal(quantity), start..self.cursor.at))
    }

    fn function(&mut self, name: &Spanned<String>, depth: usize) -> Span {
        let Some((_, function)) = FUNCTIONS.iter().find(|(known, _)| *known == name.value) else {
            let error = TextError::new(name.span.clone(), format!("no function `{}`", shown(&name.value)));
            let names = FUNCTIONS.iter().map(|(name, _)| *name);
            return Err(match nearest(&name.value, names) {
                Some(meant) => error.help(format!("did you mean `{meant}`?")),
                None => error.help("functions: min max ceil floor round sqrt"),
            });
        };
        let open = self.cursor.at;
        self.cursor.at += 1;
        let mut arguments = 0;
        loop {
            self.cursor.skip_blanks();
            self.sum(depth + 1)?;
            arguments += 1;
            self.cursor.skip_blanks();
            if !self.cursor.eat(",") {
                break;
            }
        }
        self.close(open)?;
        let span = name.span.start..self.cursor.at;
        let several = matches!(function, Function::Min | Function::Max);
        if several && arguments < 2 {
            return Err(TextError::new(span, format!("`{}` takes two values or more", function.name())));
        }
        if !several && arguments != 1 {
            return Err(TextError::new(span, format!("`{}` takes one value", function.name())));
        }
        Ok(self.push(Step::Function(*function, arguments), span))
    }
}

fn unexpected(cursor: &Cursor<'_>) -> TextError {
    let found = shown(&cursor.text[cursor.here()]);
    TextError::new(cursor.here(), format!("`{found}` does not belong in a formula"))
        .help("operators: + - * / ^; functions: min max ceil floor round sqrt")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn params(name: &str) -> Option<Quantity> {
        let text = match name {
            "load" | "peak" => "200/s",
            "cart-cache" => "2GB",
            "nodes" => "3",
            "growth" => "10%",
            "months" => "2",
            "daily" => "86400",
            "work" => "3ms",
            "price" => "$0.5/h",
            "euro" => "€1",
            "zero" => "0",
            "min" => "7",
            _ => return None,
        };
        Some(Quantity::parse(text).expect(text))
    }

    fn evaluate(text: &str) -> Result<String, String> {
        let formula = Formula::parse(text).map_err(|e| e.to_string())?;
        formula.evaluate(&params).map(|q| q.to_string()).map_err(|e| e.to_string())
    }

    #[test]
    fn formulas_have_the_value_mathematics_gives_them() {
        for (text, value) in [
            ("=load", "200/s"),
            ("=peak * 1.5 + 100/s", "400/s"),
            ("= peak", "200/s"),
            ("=ceil(nodes * 1.5)", "5"),
            ("=floor(nodes * 1.5)", "4"),
            ("=round(nodes / 2)", "2"),
            ("=daily / 1d * 4", "4/s"),
            ("=nodes * 100 * (1 + 50%) ^ months", "675"),
            ("=load * work", "0.6"),
            ("=1 / load", "5ms"),
            ("=cart-cache / 2", "1GB"),
            ("=price * 10h", "$5"),
            ("=min(load, 50/s, 1/min)", "1/min"),
            ("=max(nodes, min)", "7"),
            ("=max(1, -2)", "1"),
            ("=sqrt(load * load)", "200/s"),
            ("=2 ^ 3 ^ 2", "512"),
            ("=-2 ^ 2", "-4"),
            ("=2 ^ -1", "0.5"),
            ("=--2", "2"),
            ("=- (1 + 2)", "-3"),
            ("=10 - 4 - 3", "3"),
            ("=12 / 3 / 2", "2"),
            ("=2 + 3 * 4", "14"),
            ("=(2 + 3) * 4", "20"),
            ("=( 2 + 3 )*4", "operators stand between blanks"),
            ("=1e3 * 1_000", "1000000"),
            ("=growth", "10%"),
            ("=growth + 1", "1.1"),
            ("=1min + 30s", "90s"),
        ] {
            match evaluate(text) {
                Ok(found) => assert_eq!(found, value, "{text}"),
                Err(error) => assert!(error.starts_with(value), "{text}: {error}"),
            }
        }
    }

    #[test]
    fn faulty_formulas_are_named_at_their_place() {
        for (text, span, message) in [
            ("load", 0..4, "a formula begins with `=`"),
            ("=", 0..1, "nothing follows `=`"),
            ("=load*2", 5..6, "operators stand between blanks; write `a * b`"),
            ("=load -2", 6..7, "operators stand between blanks"),
            ("=10/2", 3..4, "operators stand between blanks"),
            ("=load *", 6..7, "nothing follows `*`"),
            ("=* 2", 1..2, "a value is missing before `*`"),
            ("=load * / 2", 8..9, "a value is missing before `/`"),
            ("=(load", 1..2, "a bracket is not closed"),
            ("=min(1, 2", 4..5, "a bracket is not closed"),
            ("=load)", 5..6, "this bracket was never opened"),
            ("=1, 2", 2..3, "this bracket was never opened"),
            ("=()", 2..3, "a value is missing before `)`"),
            ("=(1, 5)", 3..4, "a comma stands between the values of a function"),
            (
                "=90 min",
                4..7,
                "an operator is missing before `min`; in a formula a unit follows without a blank: `90min`",
            ),
            ("=load peak", 6..10, "an operator is missing before `peak`"),
            ("=load (2)", 6..7, "an operator is missing before `(`"),
            ("=load & 2", 6..7, "`&` does not belong in a formula"),
            ("=?", 1..2, "`?` does not belong in a formula"),
            ("=.5", 1..2, "a number begins with a digit"),
            ("=1minute", 2..8, "`minute` is not a unit; did you mean `min`?"),
            ("=1h30min", 1..8, "a duration has one unit; write \"90min\""),
            ("=1e400", 1..6, "a number must be finite"),
            ("=ciel(2)", 1..5, "no function `ciel`; did you mean `ceil`?"),
            ("=log(2)", 1..4, "no function `log`; functions: "),
            ("=ceil(1, 2)", 1..11, "`ceil` takes one value"),
            ("=min(1)", 1..7, "`min` takes two values or more"),
            ("=load + 3s", 1..10, "`load + 3s` mixes a rate and a duration"),
            ("=min(load, 3s)", 1..14, "`min(load, 3s)` mixes a rate and a duration"),
            ("=price - euro", 1..13, "`price - euro` mixes a price per time and money"),
            ("=$1 + euro", 1..10, "`$1 + euro` mixes $ and €"),
            ("=2 * (load / zero)", 5..18, "`(load / zero)` divides by zero"),
            ("=10 ^ 400", 1..9, "`10 ^ 400` is too large"),
            ("=sqrt(-1)", 1..9, "`sqrt(-1)` is the root of a value below 0"),
            ("=(-1) ^ 0.5", 1..11, "`(-1) ^ 0.5` is a power of a value below 0 that is not whole"),
            ("=2 ^ load", 1..9, "`2 ^ load`: an exponent is a number, not a rate"),
            ("=load ^ 0.5", 1..11, "`load ^ 0.5`: a rate takes whole powers only"),
            ("=sqrt(load)", 1..11, "`sqrt(load)`: a rate has no square root"),
            ("=work ^ 200", 1..11, "`work ^ 200` multiplies too many quantities with units"),
            ("=ceil(1 + load)", 6..14, "`1 + load` mixes a number and a rate"),
            ("=ceil(2 * load)", 6..14, "`2 * load` is a rate, `ceil` needs a number"),
            ("=loud", 1..5, "no parameter \"loud\""),
            ("=1d * 1_000_000", 1..15, "a duration is at most 100 000 days"),
        ] {
            let error = Formula::parse(text).and_then(|f| f.evaluate(&params)).expect_err(text);
            assert!(error.to_string().starts_with(message), "{text}: {error}");
            assert_eq!(error.span, span, "{text}: {error}");
        }
    }

    #[test]
    fn the_dimension_is_as_needed_or_the_fault_says_so() {
        let error = |text: &str, needed| {
            let formula = Formula::parse(text).expect(text);
            formula.evaluate_as(needed, &params).expect_err(text)
        };
        let squared = error("=load * load", Dimension::Rate);
        assert_eq!(squared.to_string(), "`load * load` is a rate squared, a rate is needed");
        assert_eq!(squared.span, 1..12);
        assert_eq!(error("=work", Dimension::Rate).message, "`work` is a duration, a rate is needed");
        assert_eq!(error("=nodes", Dimension::Duration).message, "`nodes` is a number, a duration is needed");
        let formula = Formula::parse("=growth / 2").expect("read");
        assert_eq!(formula.evaluate_as(Dimension::Ratio, &params).map(|q| q.value), Ok(0.05));
    }

    #[test]
    fn names_are_told_with_their_places_and_unknown_ones_with_a_suggestion() {
        let formula = Formula::parse("=loud * nodes + min(loud, 1/s)").expect("read");
        let names: Vec<_> = formula.names().collect();
        assert_eq!(names, [("loud", 1..5), ("nodes", 8..13), ("loud", 20..24)]);
        let errors = formula.unknown_names(["load", "nodes"].into_iter());
        assert_eq!(errors.len(), 2);
        assert_eq!(errors[0].to_string(), "no parameter \"loud\"; did you mean \"load\"?");
        assert_eq!(errors[0].span, 1..5);
        assert_eq!(formula.to_string(), "=loud * nodes + min(loud, 1/s)");
        assert!(Formula::is_formula(" =x") && !Formula::is_formula("x = 1"));
    }

    #[test]
    fn long_formulas_are_fine_and_deep_ones_are_refused() {
        let long = format!("=1{}", " + 1".repeat(100_000));
        assert_eq!(evaluate(&long), Ok("100001".into()));
        for (open, close) in [("(", ")"), ("-", ""), ("1 ^ ", ""), ("ceil(", ")")] {
            let deep = |n: usize| evaluate(&format!("={}1{}", open.repeat(n), close.repeat(n)));
            assert!(deep(60).is_ok(), "{open}: {:?}", deep(60));
            assert_eq!(deep(100_000), Err("a formula is at most 64 deep".into()), "{open}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange_and_every_span_lies_in_it(
            text in prop_oneof![any::<String>(), "=[a-z0-9é()*/^+,. %$-]{0,20}", "=(load|2|3s|min\\(| [-+*/^] |\\)|, |zero|\\(){0,12}"],
        ) {
            if let Err(error) = Formula::parse(&text).and_then(|f| f.evaluate(&params)) {
                prop_assert!(text.get(error.span.clone()).is_some(), "{error:?}");
            }
        }
    }
}
