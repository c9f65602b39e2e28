//! [`Code`]: every kind of mistake that a check can find, under a number that never changes its meaning.

mod explain;

use super::diagnostic::Severity;

pub use explain::{Example, Explained, document};

macro_rules! codes {
    ($($name:ident = $number:literal $severity:ident $about:literal;)+) => {
        /// A kind of mistake. Numbers are for people to look up and for programs to filter by: a number that went out
        /// is never given to something else.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $(#[doc = $about] $name),+ }

        impl Code {
            /// Every code, by number.
            pub const ALL: &'static [Code] = &[$(Code::$name),+];

            /// The number, such as `DL012`.
            pub const fn number(self) -> &'static str {
                match self { $(Code::$name => $number),+ }
            }

            /// Whether the workspace can be used in spite of it.
            pub const fn severity(self) -> Severity {
                match self { $(Code::$name => Severity::$severity),+ }
            }

            /// What it means, in a sentence or two; [`Code::explained`] says more.
            pub const fn title(self) -> &'static str {
                match self { $(Code::$name => $about),+ }
            }

            /// Whether the workspace cannot be used with it.
            pub fn is_error(self) -> bool {
                self.severity() == Severity::Error
            }
        }
    };
}

codes! {
    // Files and TOML
    NotText = "DL001" Error "The file is not UTF-8 text. Save it as UTF-8 in your editor.";
    Syntax = "DL002" Error "The file does not follow the grammar of TOML, so it was read only in part.";
    UnknownKey = "DL003" Error "This key means nothing here. Unknown keys are errors so that a slip of the pen does not pass unseen.";
    WrongType = "DL004" Error "The value is of another kind than this key takes, such as a number where a text is expected.";
    Missing = "DL005" Error "Something that cannot be guessed is not given.";
    Empty = "DL006" Error "The value is empty. Fill it in or leave the key out.";
    BadValue = "DL007" Error "The value cannot be read as what this key takes: a duration, an address, a time zone, a number in its bounds.";
    TooLarge = "DL008" Error "The file is too long or nested too deeply to be meant.";
    BadName = "DL009" Error "Names are one word, so that phrases such as \"clicked guide\" can say them.";
    Ignored = "DL010" Warning "The file lies in the workspace but is of a kind that is not used there.";
    Internal = "DL011" Error "The check itself failed. The workspace is refused; please report what it contains.";

    VariableName = "DL012" Warning "A variable of the environment begins with DRIPLINE_ but is no setting.";
    NoFunnel = "DL013" Error "The workspace has no funnel.toml.";
    UnknownToOperator = "DL014" Warning "No [webhook.NAME] or [relay.NAME] of dripline.toml has this name.";

    // Names that must exist
    UnknownSender = "DL020" Error "No [sender.NAME] of funnel.toml has this name.";
    UnknownTopic = "DL021" Error "No [topic.NAME] of funnel.toml has this name.";
    UnknownSegment = "DL022" Error "No [segment.NAME] of funnel.toml has this name.";
    UnknownTemplate = "DL023" Error "There is no file for this mail below templates/mail.";
    UnknownStep = "DL024" Error "The sequence has no step with a mail under this id, or it does not come earlier.";
    UnknownField = "DL025" Error "Leads and companies have no such field. Fields of your own are written fields.NAME.";
    UnknownLink = "DL026" Warning "No mail has a link with this name, so the condition will never be met.";

    UnusedTemplate = "DL027" Warning "Nothing uses this mail, layout or partial.";
    UnusedName = "DL028" Warning "Nothing uses this sender, topic or segment.";
    Misspelt = "DL029" Warning "This name is used only here, and is nearly one that is used elsewhere.";

    // Sequences
    NoSteps = "DL030" Error "A sequence without steps does nothing.";
    NoVerb = "DL031" Error "A step does exactly one thing, and this one does nothing.";
    SeveralVerbs = "DL032" Error "A step does exactly one thing. Write a second step for the other.";
    DuplicateStep = "DL033" Error "Two steps of a sequence have the same id. Give one of them an id of its own.";
    NotYet = "DL034" Error "The key is reserved for a coming version and does nothing yet.";
    Phrase = "DL035" Error "A condition is a phrase of fixed form, such as \"clicked guide\" or \"not in segment dach\".";
    UntilWithoutWait = "DL036" Error "`until` ends a wait early, so the step needs a `wait`.";
    SendAndSlots = "DL037" Error "`send` is a window and `slots` are moments; a mail can follow only one of them.";
    Renamed = "DL038" Error "`renamed_from` names something that still exists, or that two claim to have been.";
    UnknownSequence = "DL039" Warning "There is no such file in sequences, so the lead gets what its stage offers.";

    // Expressions in CEL
    Expression = "DL040" Error "The expression does not follow the grammar of CEL, or is too long or too deep.";
    UnknownVariable = "DL041" Error "The expression uses a name that is not known in it.";
    UnknownFunction = "DL042" Error "The expression calls a function that does not exist.";
    NeverEqual = "DL043" Warning "The value is none that the field ever has, so the comparison is never true.";

    // Templates
    FrontMatter = "DL050" Error "A mail starts with its front matter: TOML between two lines of +++.";
    Template = "DL051" Error "The template does not follow the grammar of Handlebars.";
    UnknownTemplateVariable = "DL052" Error "The template uses a variable that no lead, company, sender or link has.";
    UnknownHelper = "DL053" Error "The template calls a helper that does not exist, or calls it in a form that it does not have.";
    UnknownPartial = "DL054" Error "There is no such file in templates/partials.";
    PartialCycle = "DL055" Error "A partial includes itself, directly or through others.";
    UnknownLayout = "DL056" Error "There is no such file in templates/layouts.";
    DuplicateTemplate = "DL057" Error "Two files are the same mail in the same language.";
    Unescaped = "DL058" Error "{{{…}}} would put what somebody typed about a lead into the mail as HTML. Write {{…}}.";
    PlainPart = "DL059" Error "No plain part can be made from this HTML. Write one beside it, in a .txt file of the same name.";
    Layout = "DL060" Error "The layout lacks the place for the mail's own text.";
    Placement = "DL061" Error "A block tag stands where HTML cannot hold it, such as inside a tag's name.";
    HelperValue = "DL062" Error "The helper gets a value that it cannot work with, whoever the lead is.";
    LooksLikeVariable = "DL063" Warning "This looks like a variable, but readers would see it as it is written.";
    AsksNothing = "DL064" Warning "The mail leads to the form for what is missing, but nothing is ever asked for.";

    // What readers get
    EmptyBody = "DL070" Error "The mail has no text.";
    LongSubject = "DL071" Warning "The subject is longer than mail programs show it.";
    LongPreheader = "DL072" Warning "The preheader is longer than mail programs show it.";
    LinkTarget = "DL073" Error "The link leads nowhere when it is clicked in a mail.";
    Insecure = "DL074" Warning "The address begins with http://, which is not encrypted.";
    NoAlt = "DL075" Warning "The picture has no words for those who do not see it.";
    ImageSource = "DL076" Error "The picture cannot be shown in a mail.";
    MissingLanguage = "DL077" Warning "The mail is not written in a language that most of the others have.";

    // Conditions
    NeverTrue = "DL080" Warning "The condition is never true, or always: what depends on it is not what was meant.";
    OnlyTracked = "DL081" Warning "Leads who did not agree to tracking are left out.";

    // Sales
    UnknownRep = "DL090" Error "No [team.NAME] of funnel.toml has this name.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_unique_and_ordered() {
        assert!(Code::ALL.windows(2).all(|pair| pair[0].number() < pair[1].number()));
        assert!(Code::ALL.iter().all(|code| code.number().len() == 5 && code.title().ends_with('.')));
    }

    #[test]
    fn every_code_is_explained() {
        for code in Code::ALL {
            assert!(code.explained().text().len() > 40, "{} is not explained", code.number());
        }
    }
}
