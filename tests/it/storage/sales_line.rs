//! The table `sales_line`.

use dripline::storage::sales_line::{self, Waiting};

use crate::support::database::{TestDb, on_both};
use crate::support::records::{at, new_leads};

on_both!(a_lead_stands_in_line_once);

async fn a_lead_stands_in_line_once(db: TestDb) {
    let mut tx = db.begin().await.unwrap();
    let leads = new_leads(&mut tx, 2).await;
    assert!(!sales_line::any(&mut tx).await.unwrap());
    let first = Waiting { lead: leads[0], cause: "is ready".to_owned(), since: at(5) };
    assert!(sales_line::join(&mut tx, &first).await.unwrap());
    let again = Waiting { cause: "is still ready".to_owned(), since: at(9), ..first.clone() };
    assert!(!sales_line::join(&mut tx, &again).await.unwrap());
    assert_eq!(
        sales_line::of_leads(&mut tx, &leads).await.unwrap(),
        std::slice::from_ref(&first),
        "the first cause stays"
    );
    let second = Waiting { lead: leads[1], ..again };
    assert!(sales_line::join(&mut tx, &second).await.unwrap());
    let mut all = sales_line::all(&mut tx).await.unwrap();
    all.sort_by_key(|waiting| waiting.lead);
    assert_eq!(all, [first, second.clone()]);
    sales_line::leave(&mut tx, leads[0]).await.unwrap();
    sales_line::leave(&mut tx, leads[0]).await.unwrap();
    assert_eq!(sales_line::all(&mut tx).await.unwrap(), [second]);
    assert!(sales_line::any(&mut tx).await.unwrap());
}
