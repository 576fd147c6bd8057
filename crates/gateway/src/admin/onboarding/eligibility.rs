//! Which of an account's numbers may have groups, in words.

use tenant_store::NumberRecord;

use super::outcome::{Failure, Outcome, counted};

/// One is enough. Which they are, and why others are not among them, each number's record says.
pub(super) fn eligible(numbers: &[NumberRecord]) -> Outcome {
    let may = numbers.iter().filter(|number| number.groups_eligible == Some(true)).count();
    let reasons = || numbers.iter().filter_map(|number| number.groups_ineligible_reason.as_deref());
    let all = counted(numbers.len(), "number");
    match (may, reasons().next()) {
        (0, why) => {
            let fix = why.unwrap_or("Meta does not say why. Repeat this step later.");
            Err(Failure::new(format!("None of the account's {all} may have groups."), fix))
        }
        (_, Some(why)) => Ok(format!("{may} of the account's {all} may have groups; of the others: {why}")),
        (_, None) => Ok(format!("{may} of the account's {all} may have groups.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(official: Option<bool>) -> NumberRecord {
        NumberRecord {
            groups_eligible: official,
            groups_ineligible_reason: (official == Some(false)).then(|| "Apply for it.".to_owned()),
            ..NumberRecord::default()
        }
    }

    #[test]
    fn one_number_is_enough_and_of_the_others_the_reason_is_told() {
        assert_eq!(eligible(&[number(Some(true))]).unwrap(), "1 of the account's 1 number may have groups.");
        let some = eligible(&[number(Some(false)), number(Some(true))]).unwrap();
        assert_eq!(some, "1 of the account's 2 numbers may have groups; of the others: Apply for it.");
    }

    #[test]
    fn without_one_it_fails_with_what_is_to_do() {
        let none = eligible(&[number(Some(false))]).unwrap_err();
        assert_eq!(none.detail, "None of the account's 1 number may have groups.");
        assert_eq!(none.fix, "Apply for it.");
        assert!(eligible(&[number(None)]).unwrap_err().fix.contains("does not say why"));
    }
}
