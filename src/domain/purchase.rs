//! A [`Purchase`]: what somebody bought, as the details of an event hold it.

use std::fmt;

use serde_json::{Map, Value};

/// What somebody bought. Nothing of it must be known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Purchase {
    pub amount: Option<f64>,
    /// Three capital letters (ISO 4217).
    pub currency: Option<String>,
    pub items: Vec<Item>,
}

/// One line of a receipt.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    pub name: String,
    pub quantity: f64,
    /// Of one piece.
    pub price: Option<f64>,
}

/// Items that a line of the timeline names.
const NAMED: usize = 3;

impl Purchase {
    /// What is kept with an event: `amount`, `currency`, `items`. What has another form is passed over.
    pub fn of(data: &Map<String, Value>) -> Self {
        let items = data.get("items").and_then(Value::as_array);
        Self {
            amount: data.get("amount").and_then(Value::as_f64),
            currency: data.get("currency").and_then(Value::as_str).map(str::to_owned),
            items: items.into_iter().flatten().filter_map(item).collect(),
        }
    }
}

fn item(value: &Value) -> Option<Item> {
    let name = value.get("name").or(value.get("sku")).and_then(Value::as_str)?;
    let number = |key: &str| value.get(key).and_then(Value::as_f64);
    Some(Item { name: name.to_owned(), quantity: number("quantity").unwrap_or(1.0), price: number("price") })
}

/// `2 x Licence, Support for 1190.00 EUR`; empty if nothing is known.
impl fmt::Display for Purchase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.items.iter().take(NAMED).map(Item::to_string).collect();
        f.write_str(&names.join(", "))?;
        if self.items.len() > NAMED {
            write!(f, " and {} more", self.items.len() - NAMED)?;
        }
        let Some(amount) = self.amount else { return Ok(()) };
        let space = if names.is_empty() { "" } else { " " };
        write!(f, "{space}for {amount:.2}")?;
        self.currency.iter().try_for_each(|currency| write!(f, " {currency}"))
    }
}

/// `2 x Licence`
impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.quantity != 1.0 {
            write!(f, "{} x ", self.quantity)?;
        }
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_purchase_is_told_in_a_few_words() {
        let told = |data: Value| data.as_object().map(|data| Purchase::of(data).to_string());
        for (data, words) in [
            (json!({}), ""),
            (json!({ "amount": 1190, "currency": "EUR" }), "for 1190.00 EUR"),
            (json!({ "amount": 9.5 }), "for 9.50"),
            (
                json!({ "amount": 3, "currency": "EUR", "items": [
                    { "name": "Licence", "quantity": 2 }, { "sku": "S-1", "quantity": 0.5 }, { "name": "c" },
                    { "name": "d" }, { "quantity": 7 }] }),
                "2 x Licence, 0.5 x S-1, c and 1 more for 3.00 EUR",
            ),
            (json!({ "amount": "many", "items": "none" }), ""),
        ] {
            assert_eq!(told(data).as_deref(), Some(words));
        }
    }
}
