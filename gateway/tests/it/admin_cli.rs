//! The administrator's commands, as a person or a program runs them.
