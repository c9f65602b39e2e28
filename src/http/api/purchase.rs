//! The details of a purchase: `amount`, `currency` and `items` of its `data`.

use serde_json::{Map, Value};

use super::fields::{Fields, unfit};

/// The members that are more than a text, a number or a flag.
pub const STRUCTURED: &[&str] = &["items"];

/// More lines are no receipt.
const MOST_ITEMS: usize = 200;

/// More than any purchase costs, or counts.
const MOST: f64 = 1e12;

/// Checks what is said about a purchase, and writes the currency in capitals. What is wrong is noted.
pub fn check(body: &mut Fields, data: &mut Map<String, Value>) {
    check_number(body, data.get("amount"), "data.amount");
    if let Some(currency) = data.get_mut("currency") {
        match currency.as_str().filter(|text| is_currency(text)) {
            Some(text) => *currency = Value::String(text.to_ascii_uppercase()),
            None if currency.is_null() => {}
            None => body.wrong("data.currency", "must be three letters, such as EUR"),
        }
    }
    match data.get("items") {
        None | Some(Value::Null) => {}
        Some(Value::Array(items)) if items.len() <= MOST_ITEMS => {
            items.iter().enumerate().for_each(|(number, item)| check_item(body, item, number));
        }
        Some(Value::Array(_)) => body.wrong("data.items", format!("has more than {MOST_ITEMS} items")),
        Some(_) => body.wrong("data.items", "must be a list"),
    }
}

fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn check_item(body: &mut Fields, item: &Value, number: usize) {
    let place = format!("data.items[{number}]");
    let Some(item) = item.as_object() else { return body.wrong(&place, "must be an object") };
    let named = ["name", "sku"]
        .iter()
        .any(|key| item.get(*key).and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty()));
    if !named {
        body.wrong(&place, "needs a name, or a sku");
    }
    for (key, value) in item {
        let place = format!("{place}.{key}");
        match (key.as_str(), value) {
            ("price" | "quantity", value) => check_number(body, Some(value), &place),
            (_, Value::String(text)) => {
                unfit(text).into_iter().for_each(|why| body.wrong(&place, why));
            }
            ("name" | "sku", value) if !value.is_null() => body.wrong(&place, "must be a text"),
            (_, Value::Array(_) | Value::Object(_)) => {
                body.wrong(&place, "must be a text, a number, true or false");
            }
            _ => {}
        }
    }
}

fn check_number(body: &mut Fields, value: Option<&Value>, place: &str) {
    let Some(value) = value.filter(|value| !value.is_null()) else { return };
    if !value.as_f64().is_some_and(|number| (0.0..=MOST).contains(&number)) {
        body.wrong(place, "must be a number, and not below 0");
    }
}
