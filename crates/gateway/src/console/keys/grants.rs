//! Grants as blocks of a form: each has for whom, which scopes, and single operations. A block that is left as it is offered
//! is no grant.

use crate::admin::FieldError;
use crate::admin::grants::GrantView;
use crate::console::fields::Fields;

use super::words::OFFERED;

/// More are not read.
const MOST_BLOCKS: usize = 101;
const EVERYBODY: &str = "*";

/// For whom a grant is, as its block says.
const ALL: &str = "all";
const NAMED: &str = "named";
const NOBODY: &str = "nobody";
const OF_A_GRANT: [(&str, &str); 3] = [
    (NAMED, "The tenants that are named below"),
    (ALL, "All tenants, those of later too"),
    (NOBODY, "Nobody: leave this grant out"),
];
const OF_ONE_MORE: [(&str, &str); 3] =
    [("", "No further grant"), (NAMED, "The tenants that are named below"), (ALL, "All tenants, those of later too")];

/// One block of the form.
pub(super) struct Block {
    number: usize,
    is_spare: bool,
}

impl Block {
    /// What it is called.
    pub(super) fn title(&self) -> String {
        if self.is_spare && self.number > 0 {
            "One more grant".to_owned()
        } else {
            format!("Grant {}", self.number + 1)
        }
    }

    /// The name of one of its fields.
    pub(super) fn name(&self, field: &str) -> String {
        name(self.number, field)
    }

    /// For whom it can be.
    pub(super) fn reaches(&self) -> &'static [(&'static str, &'static str)] {
        if self.is_spare && self.number > 0 { &OF_ONE_MORE } else { &OF_A_GRANT }
    }

    /// The scopes that it can have.
    #[expect(clippy::unused_self, reason = "templates call it beside the others")]
    pub(super) fn scopes(&self) -> &'static [(&'static str, &'static str)] {
        &OFFERED
    }
}

/// The blocks to show: one a grant, and one more.
pub(super) fn blocks(fields: &Fields) -> Vec<Block> {
    let filled = numbers(fields).filter(|number| !is_blank(fields, *number)).last().map_or(0, |last| last + 1);
    (0..=filled).map(|number| Block { number, is_spare: number == filled }).collect()
}

/// What the fields of these grants hold.
pub(super) fn shown(grants: &[GrantView]) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for (number, grant) in grants.iter().enumerate() {
        let is_for_all = grant.cust_space_ids.iter().any(|id| id == EVERYBODY);
        let reach = if is_for_all { ALL } else { NAMED };
        let ids = if is_for_all { String::new() } else { grant.cust_space_ids.join("\n") };
        let (offered, others): (Vec<&String>, Vec<&String>) = grant.scopes.iter().partition(|scope| is_offered(scope));
        let others: Vec<&str> = others.into_iter().map(String::as_str).collect();
        pairs.push((name(number, "reach"), reach.to_owned()));
        pairs.push((name(number, "cust_space_ids"), ids));
        pairs.extend(offered.into_iter().map(|scope| (name(number, "scopes"), scope.clone())));
        pairs.push((name(number, "operations"), others.join("\n")));
    }
    pairs
}

/// The grants that a form asks for, and which block each is from.
#[derive(Clone)]
pub(super) struct Asked {
    pub(super) grants: Vec<GrantView>,
    blocks: Vec<usize>,
}

/// What the blocks say.
pub(super) fn asked(fields: &Fields) -> Asked {
    let blocks: Vec<usize> = numbers(fields).filter(|number| is_grant(fields, *number)).collect();
    Asked { grants: blocks.iter().map(|number| grant(fields, *number)).collect(), blocks }
}

impl Asked {
    /// Whether these are the same grants, in whatever order their parts stand.
    pub(super) fn is_same_as(&self, grants: &[GrantView]) -> bool {
        let sorted = |grant: &GrantView| {
            let mut grant = grant.clone();
            grant.cust_space_ids.sort_unstable();
            grant.scopes.sort_unstable();
            grant
        };
        self.grants.len() == grants.len() && self.grants.iter().zip(grants).all(|(a, b)| sorted(a) == sorted(b))
    }

    /// What is wrong, beside the control that it was typed into.
    pub(super) fn placed(&self, error: FieldError) -> FieldError {
        let mut path = error.field.split('.');
        let (Some("grants"), number) = (path.next(), path.next()) else { return error };
        let at = number.and_then(|number| number.parse::<usize>().ok());
        let (Some(at), Some(field)) = (at, path.next()) else {
            return FieldError::new(name(0, "reach"), error.message);
        };
        let (Some(grant), Some(block)) = (self.grants.get(at), self.blocks.get(at)) else { return error };
        let of = if field == "scopes" { &grant.scopes } else { &grant.cust_space_ids };
        let value = path.next().and_then(|at| at.parse::<usize>().ok()).and_then(|at| of.get(at));
        let field =
            if value.is_some_and(|value| field == "scopes" && !is_offered(value)) { "operations" } else { field };
        let message = value.map_or(error.message.clone(), |value| format!("{value}: {}", error.message));
        FieldError::new(name(*block, field), message)
    }
}

fn name(number: usize, field: &str) -> String {
    format!("grants.{number}.{field}")
}

fn is_offered(scope: &str) -> bool {
    OFFERED.iter().any(|(offered, _)| *offered == scope)
}

/// The blocks that were sent: each says for whom it is.
fn numbers(fields: &Fields) -> impl Iterator<Item = usize> {
    (0..MOST_BLOCKS).take_while(|number| fields.all(&name(*number, "reach")).next().is_some())
}

fn is_grant(fields: &Fields, number: usize) -> bool {
    fields.value(&name(number, "reach")) != NOBODY && !is_blank(fields, number)
}

/// Whether a block is as it was offered.
fn is_blank(fields: &Fields, number: usize) -> bool {
    let is_chosen = matches!(fields.value(&name(number, "reach")), ALL | NAMED | NOBODY);
    let mut typed = ["cust_space_ids", "scopes", "operations"].into_iter().map(|field| name(number, field));
    !is_chosen && typed.all(|field| fields.given(&field).is_none())
}

fn grant(fields: &Fields, number: usize) -> GrantView {
    let is_for_all = fields.value(&name(number, "reach")) == ALL;
    let named = words(fields.value(&name(number, "cust_space_ids")));
    let scopes = name(number, "scopes");
    let chosen = fields.all(&scopes).map(str::to_owned);
    GrantView {
        cust_space_ids: if is_for_all { vec![EVERYBODY.to_owned()] } else { named },
        scopes: chosen.chain(words(fields.value(&name(number, "operations")))).collect(),
    }
}

/// What stands in a text between blanks and commas.
pub(super) fn words(text: &str) -> Vec<String> {
    text.split([',', ';', ' ', '\t', '\r', '\n']).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(ids: &[&str], scopes: &[&str]) -> GrantView {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        GrantView { cust_space_ids: texts(ids), scopes: texts(scopes) }
    }

    fn fields(pairs: &[(String, String)]) -> Fields {
        Fields::of(pairs.iter().map(|(name, value)| (name.as_str(), value.clone())))
    }

    fn sent(pairs: &[(&str, &str)]) -> Fields {
        Fields::of(pairs.iter().map(|(name, value)| (*name, (*value).to_owned())))
    }

    #[test]
    fn what_is_shown_and_sent_again_is_the_same() {
        let grants = [
            view(&["*"], &["admin.read", "cams:AddChatGroup"]),
            view(&["cams-a1", "cams-b1"], &["groups.write", "groups.read"]),
        ];
        let shown = fields(&shown(&grants));
        assert!(asked(&shown).is_same_as(&grants));
        assert_eq!(blocks(&shown).len(), 3, "and one that is empty");
        assert!(!asked(&shown).is_same_as(&grants[..1]));
    }

    #[test]
    fn a_block_that_is_blank_or_for_nobody_is_no_grant() {
        let sent = sent(&[
            ("grants.0.reach", "nobody"),
            ("grants.0.cust_space_ids", "cams-a1"),
            ("grants.1.reach", ""),
            ("grants.2.reach", ""),
            ("grants.2.cust_space_ids", "cams-a1, cams-b1"),
        ]);
        assert_eq!(asked(&sent).grants, [view(&["cams-a1", "cams-b1"], &[])]);
    }

    #[test]
    fn what_is_wrong_stands_beside_the_control_that_it_was_typed_into() {
        let sent = sent(&[
            ("grants.0.reach", "nobody"),
            ("grants.1.reach", "named"),
            ("grants.1.cust_space_ids", "cams-a1 cams-b1"),
            ("grants.1.scopes", "groups.read"),
            ("grants.1.operations", "cams:Nothing"),
        ]);
        let asked = asked(&sent);
        for (path, field, message) in [
            ("grants", "grants.0.reach", "why"),
            ("grants.0.cust_space_ids", "grants.1.cust_space_ids", "why"),
            ("grants.0.cust_space_ids.1", "grants.1.cust_space_ids", "cams-b1: why"),
            ("grants.0.scopes", "grants.1.scopes", "why"),
            ("grants.0.scopes.1", "grants.1.operations", "cams:Nothing: why"),
            ("name", "name", "why"),
        ] {
            assert_eq!(asked.placed(FieldError::new(path, "why")), FieldError::new(field, message), "{path}");
        }
    }
}
