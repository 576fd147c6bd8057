//! Forms as pages have them: what is filled in, and what is carried along, is sent as a browser without script sends it.

use super::Answered;

/// A form of a page.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) action: String,
    fields: Vec<(String, String)>,
    /// What may be typed or chosen besides: fields that nothing is chosen of, and buttons.
    open: Vec<String>,
}

impl Answered {
    /// The form of this page that is sent to `action`.
    #[track_caller]
    pub(crate) fn form(&self, action: &str) -> Form {
        let forms = self.text.split("<form").skip(1).map(|rest| rest.split("</form>").next().unwrap());
        let wanted = |form: &&str| attribute(form, "action").as_deref() == Some(action);
        let form = forms.into_iter().find(wanted).unwrap_or_else(|| panic!("a form to {action} in {}", self.text));
        let mut found = Form { action: action.to_owned(), fields: Vec::new(), open: Vec::new() };
        form.split('<').skip(1).for_each(|tag| found.take(tag));
        found
    }
}

impl Form {
    /// The same, with this typed into a field, or chosen of it.
    #[track_caller]
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        let is_there = self.fields.iter().any(|(own, _)| own == name) || self.open.iter().any(|own| own == name);
        assert!(is_there, "a field {name} in {self:?}");
        self.fields.retain(|(own, _)| own != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same, with this chosen of a field that takes several, beside what is chosen of it already.
    #[track_caller]
    pub(crate) fn also(mut self, name: &str, value: &str) -> Self {
        assert!(self.fields.iter().any(|(own, _)| own == name) || self.open.iter().any(|own| own == name), "{name}");
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// What a field says.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// As it is sent.
    pub(crate) fn pairs(&self) -> Vec<(&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    /// Takes a field up. `tag` is what stands between two `<`: a tag, and the text behind it.
    fn take(&mut self, tag: &str) {
        let (head, text) = tag.split_once('>').unwrap_or((tag, ""));
        if head.starts_with("option") {
            let chosen = attribute(head, "value").filter(|_| head.contains(" selected"));
            if let (Some(name), Some(value)) = (self.open.last(), chosen) {
                self.fields.push((name.clone(), value));
            }
            return;
        }
        let Some(name) = attribute(head, "name") else { return };
        let is_choice = head.contains("type=\"checkbox\"") || head.contains("type=\"radio\"");
        if head.starts_with("select") || head.starts_with("button") || is_choice && !head.contains(" checked") {
            self.open.push(name);
        } else if head.starts_with("textarea") {
            self.fields.push((name, read(text.trim_start_matches('\n'))));
        } else {
            self.fields.push((name, attribute(head, "value").unwrap_or_default()));
        }
    }
}

/// What an attribute of the first tag of `text` says.
fn attribute(text: &str, name: &str) -> Option<String> {
    let head = text.split('>').next()?;
    let (_, rest) = head.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| read(value))
}

/// Text as it was before it was escaped.
fn read(escaped: &str) -> String {
    let entities = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
    entities.iter().fold(escaped.to_owned(), |text, (entity, letter)| text.replace(entity, letter))
}
