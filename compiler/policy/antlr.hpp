// ANTLR, adapted: its positions in bytes, its errors at the first word that does not fit, and what could have stood
// there. Only parse.cpp includes this; it belongs to the one file that sees ANTLR.
#pragma once

#include <algorithm>
#include <exception>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <PolicyLexer.h>
#include <PolicyParser.h>

#include "compiler/policy/syntax_error.hpp"

namespace portcullis::policy {

using Parser = generated::PolicyParser;
using antlr4::Token;
using antlr4::atn::ATNState;

// ANTLR reads code points; here each byte is one, so that its positions are ours and no text is refused as UTF-8.
class Bytes : public antlr4::CharStream {
 public:
  explicit Bytes(std::string_view text) : text_(text) {}

  // ANTLR declares none of these const.
  // NOLINTBEGIN(readability-make-member-function-const)
  void consume() override { ++at_; }
  std::size_t LA(ssize_t offset) override {
    if (offset == 0) return 0;
    const std::size_t place = offset > 0 ? at_ + static_cast<std::size_t>(offset) - 1
                                         : at_ - static_cast<std::size_t>(-offset);  // wraps around below 0
    return place < text_.size() ? static_cast<unsigned char>(text_[place]) : IntStream::EOF;
  }
  ssize_t mark() override { return 0; }
  void release(ssize_t /*marker*/) override {}
  std::size_t index() override { return at_; }
  void seek(std::size_t index) override { at_ = std::min(index, text_.size()); }
  std::size_t size() override { return text_.size(); }
  [[nodiscard]] std::string getSourceName() const override { return {}; }
  std::string getText(const antlr4::misc::Interval& interval) override {
    const auto begin = std::min(static_cast<std::size_t>(interval.a), text_.size());
    return std::string(text_.substr(begin, static_cast<std::size_t>(interval.b) + 1 - begin));
  }
  [[nodiscard]] std::string toString() const override { return std::string(text_); }
  // NOLINTEND(readability-make-member-function-const)

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

// Thrown where a word does not fit. Never leaves this file.
struct Stop {};

// Where the parser stood when it took its last word.
class Strategy : public antlr4::ANTLRErrorStrategy {
 public:
  std::size_t state = ATNState::INVALID_STATE_NUMBER;
  antlr4::RuleContext* context = nullptr;
  Token* last = nullptr;

  void reportMatch(antlr4::Parser* parser) override {
    state = parser->getState();
    context = parser->getContext();
    last = parser->getCurrentToken();
  }
  Token* recoverInline(antlr4::Parser* /*parser*/) override { throw Stop{}; }
  void recover(antlr4::Parser* /*parser*/, std::exception_ptr /*error*/) override { throw Stop{}; }
  void reset(antlr4::Parser* /*parser*/) override {}
  void sync(antlr4::Parser* /*parser*/) override {}
  bool inErrorRecoveryMode(antlr4::Parser* /*parser*/) override { return false; }
  void reportError(antlr4::Parser* /*parser*/, const antlr4::RecognitionException& /*error*/) override {}
};

// What could have stood in a word's place is read off the grammar's automaton, from the state behind the last word that
// fitted: so optional words are named too, which ANTLR's own list leaves out once it has passed them by.

// In the words of the rule that a name stands for.
inline std::string_view words_of(std::size_t rule) {
  switch (rule) {
    case Parser::RuleNewZone:
      return "a name for the zone";
    case Parser::RuleZoneOrRange:
      return "the name of a zone, or an address range";
    case Parser::RuleNamespaceName:
      return "a namespace";
    case Parser::RuleObject:
      return "a name such as shop/web";
    case Parser::RuleNode:
      return "a node";
    case Parser::RuleLabelKey:
      return "a label";
    case Parser::RuleLabelValue:
      return "a value of the label";
    case Parser::RulePortName:
      return "a port number or name";
    case Parser::RuleNumber:
      return "a port number";
    case Parser::RuleCount:
      return "a number of nodes";
    case Parser::RuleAddress:
      return "an address";
    case Parser::RuleHost:
      return "a host";
    case Parser::RulePath:
      return "a path";
    case Parser::RuleCode:
      return "the code of a finding";
    case Parser::RuleDate:
      return "a date such as 2027-03-01";
    case Parser::RuleKind:
      return "a kind of object";
    case Parser::RuleReason:
      return "a reason in quotes";
    default:
      return "a name";
  }
}

// The words that can follow, by a walk over the automaton's transitions that take no word.
class Following {
 public:
  Following(const Parser& parser, SyntaxError& out)
      : atn_(parser.getATN()), vocabulary_(const_cast<Parser&>(parser).getVocabulary()), out_(out) {}

  // Behind the word that was taken in `state`, inside `context`.
  void behind(std::size_t state, const antlr4::RuleContext* context) {
    std::vector<ATNState*> back;
    for (; context != nullptr && context->invokingState != ATNState::INVALID_STATE_NUMBER;
         context = dynamic_cast<const antlr4::RuleContext*>(context->parent)) {
      back.push_back(follow_state(*atn_.states[context->invokingState]->transitions[0]));
    }
    std::ranges::reverse(back);
    walk(atn_.states[state]->transitions[0]->target, back, Parser::RuleSentence);
  }
  // At the beginning of a sentence.
  void start() { walk(atn_.ruleToStartState[Parser::RuleSentence], {}, Parser::RuleSentence); }

 private:
  static ATNState* follow_state(const antlr4::atn::Transition& transition) {
    return static_cast<const antlr4::atn::RuleTransition&>(transition).followState;
  }

  // `back`: where the rules that enclose this one go on. `named_by`: the rule that asked for a name.
  void walk(ATNState* state, const std::vector<ATNState*>& back, std::size_t named_by) {
    if (!seen_.emplace(state, back).second) return;
    if (state->getStateType() == ATNState::RULE_STOP) {
      if (back.empty()) {
        out_.could_end = true;
      } else {
        walk(back.back(), {back.begin(), back.end() - 1}, named_by);
      }
      return;
    }
    for (const antlr4::atn::Transition* transition : state->transitions) {
      if (transition->getSerializationType() == antlr4::atn::Transition::RULE) {
        std::vector<ATNState*> inner = back;
        inner.push_back(follow_state(*transition));
        const std::size_t rule = transition->target->ruleIndex;
        walk(transition->target, inner, rule == Parser::RuleName ? named_by : rule);
      } else if (transition->isEpsilon()) {
        walk(transition->target, back, named_by);
      } else {
        for (const ssize_t type : transition->label().toList()) add(static_cast<std::size_t>(type), named_by);
      }
    }
  }

  void add(std::size_t type, std::size_t named_by) {
    const std::string literal = vocabulary_.getLiteralName(type);
    const bool is_name = literal.empty();
    std::vector<std::string>& list = is_name ? out_.names : out_.keywords;
    std::string word = is_name ? std::string(words_of(named_by)) : literal.substr(1, literal.size() - 2);
    if (std::ranges::find(list, word) == list.end()) list.push_back(std::move(word));
  }

  const antlr4::atn::ATN& atn_;
  const antlr4::dfa::Vocabulary& vocabulary_;
  SyntaxError& out_;
  std::set<std::pair<ATNState*, std::vector<ATNState*>>> seen_;
};

}  // namespace portcullis::policy
