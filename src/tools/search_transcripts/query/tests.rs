use super::Query;
use crate::prelude::*;

fn has(query: &str, sentence: &str) -> bool {
    Query::parse(query)
        .expect(query)
        .is_in(sentence, &mut String::new())
}

#[test]
fn a_sentence_has_words_that_begin_with_each_word() {
    assert!(has("price", "What are your PRICES?"));
    assert!(has("discount price", "A price, and then a discount."));
    assert!(!has("discount price", "A price."));
    assert!(!has("rice", "A price."), "not inside a word");
    assert!(has("don't", "We don’t know."), "either apostrophe");
    assert!(has("e-mail", "Send an e-mails list"));
    assert!(has("x AND y", "y x"));
    assert!(has("\"x\" AND y", "y x"));
}

#[test]
fn quoted_phrases_are_exact() {
    assert!(has("\"security review\"", "The security, review: done."));
    assert!(!has("\"security review\"", "A review of security."));
    assert!(
        !has("\"security review\"", "security reviews"),
        "whole words"
    );
    assert!(!has("\"AI\"", "We aim for it."));
    assert!(has("“too expensive” Acme", "Acme is too expensive"));
}

#[test]
fn one_alternative_is_enough() {
    assert!(has(
        "\"SOC 2\" OR iso 27001",
        "We have ISO 27001 and no other."
    ));
    assert!(has("\"SOC 2\" OR iso 27001", "Is it soc 2?"));
    assert!(!has("\"SOC 2\" OR iso 27001", "We have ISO 9001."));
    assert!(has("or", "This or that"), "by itself it is a word");
    for either in [
        "pricing or discount",
        "pricing|discount",
        "pricing | discount",
        "\"pricing\"|'discount'",
        "pricing || discount",
    ] {
        assert!(has(either, "A discount."), "{either}");
        assert!(has(either, "Our pricing."), "{either}");
        assert!(!has(either, "Our budget."), "{either}");
    }
}

#[test]
fn single_quotes_around_words_are_quotes() {
    for phrase in ["'too expensive'", "‘too expensive’", "x OR 'too expensive'"] {
        assert!(has(phrase, "It is too expensive."), "{phrase}");
        assert!(!has(phrase, "Expensive it is, too."), "{phrase}");
    }
    assert!(has("'we don't know'", "Well, we don't know yet."));
    assert!(has("customers' price", "The price of customers"));
    assert!(has("'tis price", "Tis a price"), "no second mark");
}

#[test]
fn what_would_be_left_out_is_refused() {
    for wrong in [
        "NOT pricing",
        "price NOT budget",
        "pricing -budget",
        "-budget pricing",
        "a|-b",
        "price -\"too expensive\"",
    ] {
        let error = Query::parse(wrong).err().expect(wrong).into_text();
        assert!(error.contains("this search has no NOT"), "{error}");
    }
    assert!(has("not sure", "I am not sure"));
    assert!(has("price - budget", "budget and price"), "a dash");
    assert!(has("\"SOC\"-2", "SOC 2"));
}

#[test]
fn accents_and_scripts_without_blanks() {
    assert!(has("resume", "Ihr Résumé"));
    assert!(has("Übergang", "der ubergang"));
    assert!(has("cafe", "cafe\u{0301}"));
    assert!(has("価格", "この価格は高い"));
    assert!(!has("価格", "値段"));
}

#[test]
fn queries_without_a_word_are_refused() {
    for wrong in [
        "", "  ", "?!", "\"\"", "\"open", "price OR", "OR price", "a or", "|",
    ] {
        assert!(Query::parse(wrong).is_err(), "{wrong}");
    }
}
