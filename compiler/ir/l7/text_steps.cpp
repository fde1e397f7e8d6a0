#include "compiler/ir/l7/text_steps.hpp"

#include <algorithm>

#include "compiler/ir/l7/text_words.hpp"

namespace portcullis::ir::l7 {

namespace {

using form::Cursor;
using Kind = form::Token::Kind;

constexpr std::uint32_t most_status = 999;

std::string text(Cursor& c, std::string_view what) {
  return std::string(c.name(what));
}

RangesId ranges_name(Cursor& c, const Declared& declared) {
  const std::string_view name = c.name("ranges");
  if (!c.ok()) return 0;
  const auto found = declared.ranges.find(name);
  if (found != declared.ranges.end()) return found->second;
  c.fail_last("no ranges of this name stands above");
  return 0;
}

void header_condition(Cursor& c, Condition& condition) {
  condition.name = text(c, "a header");
  if (c.take("ends")) {
    condition.kind = Condition::Kind::header_ends;
    condition.values = read_names(c);
    return;
  }
  condition.kind = c.take("is") ? Condition::Kind::header_is : Condition::Kind::header_matches;
  if (condition.kind == Condition::Kind::header_matches && !c.take("matches")) c.fail_next("is, matches or ends");
  condition.values = {text(c, "a value")};
}

Condition read_condition(Cursor& c, const Declared& declared) {
  Condition condition;
  condition.negated = c.take("not");
  for (const auto& row : words::bare_conditions) {
    if (!c.take(row.name)) continue;
    condition.kind = row.value;
    return condition;
  }
  if (c.take("path")) {
    condition.kind = Condition::Kind::path_is;
    condition.values = {text(c, "a path")};
  } else if (c.take("method")) {
    condition.kind = Condition::Kind::method_is;
    condition.values = {text(c, "a method")};
  } else if (c.take("source")) {
    condition.kind = Condition::Kind::source_in;
    condition.number = ranges_name(c, declared);
  } else if (c.take("header")) {
    header_condition(c, condition);
  } else if (c.take("cookie")) {
    condition.kind = Condition::Kind::cookie_is;
    condition.name = text(c, "a cookie");
    c.expect("is");
    condition.values = {text(c, "a value")};
  } else if (c.take("body-over")) {
    condition.kind = Condition::Kind::body_over;
    condition.number = c.big_number("a length", UINT64_MAX);
  } else if (c.take("over-rate")) {
    condition.kind = Condition::Kind::over_rate;
    condition.number = c.big_number("a rate", UINT64_MAX);
    condition.values = {text(c, "a unit")};
  } else {
    c.fail_next("plain-http, tls-name, authorised, path, method, source, header, cookie, body-over or over-rate");
  }
  return condition;
}

void add_choice(Cursor& c, const Declared& declared, std::vector<Choice>& choices) {
  Choice choice;
  choice.backend = read_backend_name(c, declared);
  if (c.ok() && std::ranges::find(choices, choice.backend, &Choice::backend) != choices.end()) {
    return c.fail_last("this backend stands here twice");
  }
  if (c.take("weight")) choice.weight = c.number("a weight", UINT32_MAX);
  if (choice.weight == 0 && c.ok()) c.fail_last("a weight is at least 1");
  choices.push_back(choice);
}

Forward read_forward(Cursor& c, const Declared& declared) {
  Forward forward;
  if (c.take(Kind::open)) {
    do {
      add_choice(c, declared, forward.choices);
    } while (c.ok() && !c.take(Kind::close));
  } else {
    add_choice(c, declared, forward.choices);
  }
  if (c.take("rewrite")) {
    forward.rewrite.emplace();
    forward.rewrite->pattern = text(c, "a pattern");
    c.expect("to");
    forward.rewrite->target = text(c, "a target");
  }
  if (c.take("host")) forward.host = text(c, "a host");
  if (c.take("protocol")) forward.protocol = form::one_of(c, words::protocols, "a protocol");
  if (c.take("intercepted")) {
    c.expect(Kind::open, "`{`");
    while (c.ok() && !c.take(Kind::close)) forward.intercepted.push_back(read_status(c));
  }
  if (c.take("pages")) forward.pages = read_backend_name(c, declared);
  return forward;
}

Redirect read_redirect(Cursor& c) {
  Redirect redirect;
  redirect.status = read_status(c);
  c.expect(Kind::open, "`{`");
  while (c.ok() && !c.take(Kind::close)) {
    Piece piece;
    if (c.at(Kind::quoted)) {
      piece.text = text(c, "a text");
    } else {
      piece.kind = form::one_of(c, words::pieces, "a text between quotes or a word that stands for one");
    }
    redirect.location.push_back(std::move(piece));
  }
  return redirect;
}

Answer read_answer(Cursor& c, const Declared& declared) {
  if (c.take("forward")) return read_forward(c, declared);
  if (c.take("redirect")) return read_redirect(c);
  if (c.take("reply")) return Reply{read_status(c)};
  if (c.take("refuse")) return Refuse{read_status(c)};
  if (c.take("unknown")) return Unknown{text(c, "why")};
  c.fail_next("forward, redirect, reply, refuse or unknown");
  return Reply{};
}

}  // namespace

int read_status(Cursor& c) {
  return static_cast<int>(c.number("a status", most_status));
}

std::vector<std::string> read_names(Cursor& c) {
  std::vector<std::string> names;
  c.expect(Kind::open, "`{`");
  while (c.ok() && !c.take(Kind::close)) names.push_back(text(c, "a name or `}`"));
  return names;
}

HostPattern read_pattern(Cursor& c) {
  using enum HostPattern::Kind;
  const std::string name = text(c, "a host");
  if (name == "exact") return {exact, text(c, "a name")};
  if (name == "_") return {any, {}};
  if (name.starts_with("**.")) return {many_labels, name.substr(3)};
  if (name.starts_with("*.")) return {one_label, name.substr(2)};
  if (name.starts_with('~')) return {regex, name.substr(1)};
  return {exact, name};
}

BackendId read_backend_name(Cursor& c, const Declared& declared) {
  const std::string name = text(c, "a backend");
  if (!c.ok()) return 0;
  auto found = declared.backends.lower_bound({name, Backend::Via::endpoints});
  if (c.take("via")) {
    const auto via = form::one_of(c, words::vias, "endpoints, cluster-ip or external");
    found = declared.backends.find({name, via});
  }
  if (!c.ok()) return 0;
  if (found != declared.backends.end() && found->first.first == name) return found->second;
  c.fail_last("no such backend stands above");
  return 0;
}

Origin read_origin(Cursor& c, base::FileId file) {
  Origin origin;
  if (!c.take(Kind::bar)) return origin;
  c.expect("by");
  origin.object = text(c, "an object");
  if (!c.at(Kind::end)) origin.field = text(c, "a field path");
  if (c.take("at")) {
    (void)text(c, "a place");
    origin.span = {file, c.last_begin(), c.last_end()};
  }
  return origin;
}

Step read_step(Cursor& c, const Declared& declared, base::FileId file) {
  Step step;
  if (c.take("if")) {
    do {
      step.when.push_back(read_condition(c, declared));
    } while (c.take("and"));
  }
  c.expect(Kind::arrow, step.when.empty() ? "`if` or `->`" : "`and` or `->`");
  step.answer = read_answer(c, declared);
  step.origin = read_origin(c, file);
  return step;
}

}  // namespace portcullis::ir::l7
