//! "A comparison with null is false": CEL itself fails on `null >= 20`, which would make `!(lead.x >= 20)` false too.

use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators};

const COMPARISONS: &[&str] = &[
    operators::EQUALS,
    operators::NOT_EQUALS,
    operators::LESS,
    operators::LESS_EQUALS,
    operators::GREATER,
    operators::GREATER_EQUALS,
    operators::IN,
];

/// The same expression in which each comparison `a < b` is `a != null && b != null && a < b`, and `has(a.b)` is
/// `a.b != null`. Literals need no such guard, and who compares with a literal `null` asks for it.
pub(super) fn guarded(node: &IdedExpr) -> IdedExpr {
    let mut node = node.clone();
    guard(&mut node);
    node
}

fn guard(node: &mut IdedExpr) {
    children(node).into_iter().for_each(guard);
    match &mut node.expr {
        Expr::Select(select) if select.test => {
            select.test = false;
            let field = node.clone();
            node.expr = not_null(field);
        }
        Expr::Call(call)
            if COMPARISONS.contains(&call.func_name.as_str()) && !call.args.iter().any(is_null) =>
        {
            let guards: Vec<Expr> =
                call.args.iter().filter(|side| can_be_null(side)).cloned().map(not_null).collect();
            for guard in guards {
                let comparison = std::mem::take(&mut node.expr);
                node.expr = operation(operators::LOGICAL_AND, [guard, comparison]);
            }
        }
        _ => {}
    }
}

fn is_null(node: &IdedExpr) -> bool {
    matches!(node.expr, Expr::Literal(LiteralValue::Null))
}

/// Only fields can: scores, literals, lists and results of functions cannot.
fn can_be_null(node: &IdedExpr) -> bool {
    match &node.expr {
        Expr::Select(_) => true,
        Expr::Call(call) => call.func_name == operators::INDEX,
        _ => false,
    }
}

fn not_null(node: IdedExpr) -> Expr {
    operation(operators::NOT_EQUALS, [node.expr, Expr::Literal(LiteralValue::Null)])
}

fn operation(operator: &str, sides: [Expr; 2]) -> Expr {
    // Ids only place what the check has seen already.
    let args = sides.map(|expr| IdedExpr { id: 0, expr }).into();
    Expr::Call(CallExpr { func_name: operator.to_owned(), target: None, args })
}

/// How many levels of nodes lie within each other.
pub(super) fn depth(node: &IdedExpr) -> usize {
    let mut node = node.clone();
    levels(&mut node)
}

fn levels(node: &mut IdedExpr) -> usize {
    1 + children(node).into_iter().map(levels).max().unwrap_or(0)
}

fn children(node: &mut IdedExpr) -> Vec<&mut IdedExpr> {
    match &mut node.expr {
        Expr::Select(select) => vec![&mut select.operand],
        Expr::Call(call) => {
            call.target.iter_mut().map(|target| &mut **target).chain(&mut call.args).collect()
        }
        Expr::List(list) => list.elements.iter_mut().collect(),
        Expr::Map(map) => map.entries.iter_mut().flat_map(|entry| entry_children(&mut entry.expr)).collect(),
        Expr::Struct(made) => {
            made.entries.iter_mut().flat_map(|entry| entry_children(&mut entry.expr)).collect()
        }
        Expr::Comprehension(of) => {
            vec![&mut of.iter_range, &mut of.accu_init, &mut of.loop_cond, &mut of.loop_step, &mut of.result]
        }
        Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => Vec::new(),
    }
}

fn entry_children(entry: &mut EntryExpr) -> Vec<&mut IdedExpr> {
    match entry {
        EntryExpr::StructField(field) => vec![&mut field.value],
        EntryExpr::MapEntry(entry) => vec![&mut entry.key, &mut entry.value],
    }
}
