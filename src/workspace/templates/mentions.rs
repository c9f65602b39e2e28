//! Which variables a compiled template names.

use handlebars::Template;
use handlebars::template::{HelperTemplate, Parameter, TemplateElement as Element};

/// The roots that hold what is known of a lead and a mail; other names are bound within the template.
const ROOTS: [&str; 4] = ["lead.", "company.", "sender.", "link."];

/// The engine's own, which no marketer writes.
const OWN: &str = "link.pixel";

/// The variables of a template in the order of the text, as often as they stand there.
pub(super) fn of(template: &Template) -> Vec<&str> {
    let mut found = Vec::new();
    collect(template, &mut found);
    found
}

fn collect<'t>(template: &'t Template, found: &mut Vec<&'t str>) {
    for element in &template.elements {
        match element {
            Element::Expression(call) | Element::HtmlExpression(call) | Element::HelperBlock(call) => {
                of_call(call, found);
            }
            _ => {}
        }
    }
}

fn of_call<'t>(call: &'t HelperTemplate, found: &mut Vec<&'t str>) {
    for parameter in [&call.name].into_iter().chain(&call.params).chain(call.hash.values()) {
        match parameter {
            Parameter::Subexpression(inner) => {
                if let Element::Expression(call) = inner.as_element() {
                    of_call(call, found);
                }
            }
            named => found.extend(named.as_name().and_then(variable)),
        }
    }
    call.template.iter().chain(&call.inverse).for_each(|inner| collect(inner, found));
}

fn variable(name: &str) -> Option<&str> {
    let name = name.trim_start_matches("../").trim_start_matches("@root.");
    (name != OWN && ROOTS.iter().any(|root| name.starts_with(root))).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_found_wherever_they_stand() {
        let text = "{{lead.a}} {{#if (eq lead.b sender.c)}}{{upper company.d}}{{else}}{{#each lead.tags}}{{this}}\
                    {{../lead.e}}{{@root.lead.f}}{{/each}}{{/if}}{{date lead.g form=lead.h}}{{greeting}}{{link.pixel}}";
        let template = Template::compile(text).expect("a template");
        let found = of(&template);
        let names = ["a", "b", "tags", "e", "f", "g", "h"].map(|name| format!("lead.{name}"));
        assert!(names.iter().all(|name| found.contains(&name.as_str())), "{found:?}");
        assert!(found.contains(&"sender.c") && found.contains(&"company.d"), "{found:?}");
        assert_eq!(found.len(), 9, "{found:?}");
    }
}
