//! What a recipe tells a person.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use skyphot_core::Table;
use skyphot_io::AtomicFile;
use skyphot_plot::Picture;

use super::RecipeSummary;
use super::expression::Expression;
use super::field::Field;
use crate::{PipelineError, Result};

/// Text and pictures in the order of the steps.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    dir: &'a Path,
    overwrite: bool,
    body: String,
    tail: String,
    pictures: usize,
    pub(crate) files: Vec<String>,
}

impl<'a> Report<'a> {
    pub(crate) fn new(dir: &'a Path, overwrite: bool) -> Self {
        let (body, tail) = (String::new(), String::new());
        Self { dir, overwrite, body, tail, pictures: 0, files: Vec::new() }
    }

    /// A file that is going to be written.
    pub(crate) fn file(&mut self, name: &str) -> PathBuf {
        self.files.push(name.to_owned());
        self.dir.join(name)
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.body += text.trim();
        self.body += "\n\n";
    }

    /// A text that says the same for every image, unless it stands there already.
    pub(crate) fn text_once(&mut self, text: &str) {
        if !self.body.trim_end().ends_with(text.trim()) {
            self.text(text);
        }
    }

    pub(crate) fn figure(&mut self, title: &str, prefix: &str, picture: &Picture) -> Result<()> {
        self.pictures += 1;
        let plain = title.split(": ").last().unwrap_or(title);
        let mut slug: String = plain
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
            .collect();
        while slug.contains("--") {
            slug = slug.replace("--", "-");
        }
        let name = format!("{:02}_{prefix}{}.png", self.pictures, slug.trim_matches('-'));
        let path = self.file(&name);
        picture.save(&path, self.overwrite)?;
        let _ = writeln!(self.body, "![{title}]({name})\n");
        Ok(())
    }

    /// The columns of the catalogue.
    pub(crate) fn columns(&mut self, table: &Table, of: Option<&str>) {
        let of = of.map_or(String::new(), |n| format!(" ({n})"));
        let _ = writeln!(
            self.tail,
            "\n## Columns of the catalogue{of}\n\n| column | unit | meaning |\n|---|---|---|"
        );
        for c in table.columns() {
            let text = |v: &Option<String>| v.clone().unwrap_or_default().replace('|', "\\|");
            let _ = writeln!(self.tail, "| {} | {} | {} |", c.name(), text(&c.unit), text(&c.description));
        }
    }

    pub(crate) fn write(self, s: &RecipeSummary) -> Result<()> {
        let mut t = format!("# {}\n\n{}\n\n", s.recipe.title, s.recipe.about.trim());
        t += "| image | file | SHA-256 |\n|---|---|---|\n";
        for i in &s.images {
            let _ = writeln!(t, "| {} | {} | {} |", i.name, i.file, i.sha256);
        }
        for (name, files) in &s.companions {
            for (file, sum) in files {
                let _ = writeln!(t, "| {name} | {file} | {sum} |");
            }
        }
        let _ = writeln!(t, "\nskyphot {}, {}\n", s.version, s.started);
        if !s.notes.is_empty() {
            t += "Notes:\n\n";
            for n in &s.notes {
                let _ = writeln!(t, "- {n}");
            }
            t += "\n";
        }
        t += &self.body;
        t += "## Numbers\n";
        for i in &s.images {
            let _ = writeln!(t, "\n| {} | |\n|---|---|", i.name);
            for (name, v) in &i.numbers {
                let _ = writeln!(t, "| {name} | {v} |");
            }
        }
        t += &self.tail;
        t += "\n## Seconds\n\n| step | s |\n|---|---|\n";
        for (step, sec) in &s.seconds {
            let _ = writeln!(t, "| {step} | {sec:.3} |");
        }
        put(&self.dir.join("report.md"), &t, self.overwrite)?;
        let json = serde_json::to_string_pretty(s)
            .map_err(|e| PipelineError::Config(format!("run.json cannot be made: {e}")))?;
        put(&self.dir.join("run.json"), &(json + "\n"), self.overwrite)
    }
}

fn put(path: &Path, text: &str, overwrite: bool) -> Result<()> {
    let mut file = AtomicFile::create(path, overwrite)?;
    file.write_all(text.as_bytes()).map_err(|source| PipelineError::File {
        action: "write",
        path: path.display().to_string(),
        source,
    })?;
    Ok(file.commit()?)
}

impl Field {
    /// Text with the values of its `{expression}`s; `{name}` is the name of the field, `{detector}` its detector,
    /// `{unit}` its unit. `_{lower}` and
    /// `^{upper}` stay as they are, with what is filled into them.
    pub(crate) fn fill(&self, text: &str) -> Result<String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            out += before;
            if before.ends_with(['_', '^']) {
                let Some(end) = closing(after) else {
                    return Err(PipelineError::value("text", text, "complete: a brace is not closed"));
                };
                out += &format!("{{{}}}", self.fill(&after[..end])?);
                rest = &after[end + 1..];
                continue;
            }
            let Some((inside, next)) = after.split_once('}') else {
                return Err(PipelineError::value("text", text, "complete: a brace is not closed"));
            };
            rest = next;
            let (what, digits) = inside.split_once(":.").unwrap_or((inside, ""));
            match what.trim() {
                "name" => out += &self.name,
                "detector" => out += &self.detector,
                "unit" => out += self.exposure.unit.as_deref().unwrap_or("data units"),
                what => {
                    let v = Expression::parse(what)?.number(&self.numbers)?;
                    match digits.parse::<usize>() {
                        Ok(d) => out += &format!("{v:.d$}"),
                        Err(_) => match digits.strip_suffix('e').and_then(|d| d.parse::<usize>().ok()) {
                            Some(d) => out += &format!("{v:.d$e}"),
                            None => out += &format!("{v}"),
                        },
                    }
                }
            }
        }
        Ok(out + rest)
    }
}

/// Where the brace closes that was opened before a text.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 1;
    text.char_indices().find_map(|(i, c)| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        (depth == 0).then_some(i)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lower_and_upper_parts_stay() {
        let mut f = Field::blank("F106", &skyphot_core::Exec::default());
        f.set("a", 2.5);
        assert_eq!(f.fill("{name}: {a:.2}").unwrap(), "F106: 2.50");
        assert_eq!(f.fill("m_{AB, {name}} s^{2}, {a}").unwrap(), "m_{AB, F106} s^{2}, 2.5");
        assert!(f.fill("m_{AB").is_err() && f.fill("{a").is_err());
    }
}
