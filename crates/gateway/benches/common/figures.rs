//! The figures: a table for people, JSON for programs.

use std::fmt;
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use serde_json::{Value, json};

/// Where the figures go as JSON, too.
const JSON_FILE: &str = "GROUPGATE_BENCH_JSON";

/// What a figure is to be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal {
    AtMost(f64),
    AtLeast(f64),
}

/// What was found out.
#[derive(Debug)]
pub(crate) struct Figure {
    name: String,
    /// None where it could not be measured; `detail` says why.
    value: Option<f64>,
    goal: Option<Goal>,
    detail: String,
}

impl Goal {
    fn is_reached(self, value: f64) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(most) => write!(f, "≤ {most}"),
            Self::AtLeast(least) => write!(f, "≥ {least}"),
        }
    }
}

impl Figure {
    /// One that nothing is expected of.
    pub(crate) fn new(name: impl Into<String>, value: f64) -> Self {
        // What is no number was not measured.
        let value = Some(value).filter(|value| value.is_finite());
        Self { name: name.into(), value, goal: None, detail: String::new() }
    }

    /// One that could not be measured.
    pub(crate) fn missing(name: impl Into<String>, why: impl Into<String>) -> Self {
        Self { name: name.into(), value: None, goal: None, detail: why.into() }
    }

    pub(crate) fn at_most(self, most: f64) -> Self {
        Self { goal: Some(Goal::AtMost(most)), ..self }
    }

    pub(crate) fn at_least(self, least: f64) -> Self {
        Self { goal: Some(Goal::AtLeast(least)), ..self }
    }

    /// What it was made of.
    pub(crate) fn from(self, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..self }
    }

    /// None where it was not measured, or nothing is expected.
    fn is_reached(&self) -> Option<bool> {
        Some(self.goal?.is_reached(self.value?))
    }
}

/// All figures of a run.
#[derive(Debug, Default)]
pub(crate) struct Figures(pub(crate) Vec<Figure>);

impl Figures {
    /// Prints them, and writes them as JSON where `GROUPGATE_BENCH_JSON` names a file.
    pub(crate) fn publish(&self) -> anyhow::Result<()> {
        if let Some(file) = std::env::var_os(JSON_FILE).map(PathBuf::from) {
            std::fs::write(&file, format!("{:#}\n", self.json())).with_context(|| file.display().to_string())?;
        }
        Ok(write!(std::io::stdout().lock(), "{self}")?)
    }

    fn json(&self) -> Value {
        let figure = |figure: &Figure| {
            json!({
                "figure": figure.name,
                "value": figure.value,
                "to_reach": figure.goal.map(|goal| goal.to_string()),
                "reached": figure.is_reached(),
                "detail": figure.detail,
            })
        };
        self.0.iter().map(figure).collect()
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| figure | value | to reach | reached | from |\n|---|---|---|---|---|")?;
        for figure in &self.0 {
            let value = figure.value.map_or_else(|| "–".to_owned(), shown);
            let goal = figure.goal.map_or_else(String::new, |goal| goal.to_string());
            let reached = figure.is_reached().map_or("", |reached| if reached { "yes" } else { "no" });
            writeln!(f, "| {} | {value} | {goal} | {reached} | {} |", figure.name, figure.detail)?;
        }
        Ok(())
    }
}

/// The one in the middle, and of an even number the upper of the two; no number of none.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// With as many digits as say something.
fn shown(value: f64) -> String {
    match value.abs() {
        100.0.. => format!("{value:.0}"),
        10.0..100.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
