// Questions as they come up about hosts and paths, each with the answer that a reader expects.
#include <catch2/catch.hpp>

#include "verifier/languages/certificate.hpp"
#include "verifier/languages/pattern.hpp"

namespace portcullis {

using namespace languages;

namespace {

Nfa path(std::string_view pattern, bool fold = false) {
  return std::get<Nfa>(found(pattern, fold, true));
}
// Names are in lower case.
Nfa host(std::string_view pattern) {
  return std::get<Nfa>(found(pattern, false, false));
}
Nfa element(std::string_view text) {
  return path(std::string(text) + "(/|$)");
}
Nfa wildcard(std::string_view text) {
  return label_then(~one('.'), text);  // `.example.com`
}

struct Question {
  std::string what;
  std::vector<Nfa> languages;
  Wanted wanted;
  bool yes;
};

Wanted first_alone() {
  return [](const std::vector<bool>& member) {
    for (std::size_t i = 1; i < member.size(); ++i)
      if (member[i]) return false;
    return member[0];
  };
}
Wanted all_together() {
  return [](const std::vector<bool>& member) { return std::find(member.begin(), member.end(), false) == member.end(); };
}

std::vector<Question> questions() {
  std::vector<Nfa> exclusions{path("/shop/.*")}, covering{path("/shop/[a-e]")};
  for (int i = 0; i < 20; ++i) exclusions.push_back(element("/shop/item" + std::to_string(i)));
  for (const char* letter : {"a", "b", "c", "d", "e"}) covering.push_back(path("/shop/" + std::string(letter)));
  return {
      {"/api/v1 lies in /api", {element("/api/v1"), element("/api")}, first_alone(), false},
      {"/api has more than /api/v1", {element("/api"), element("/api/v1")}, first_alone(), true},
      {"/apix is not in /api", {path("/apix$"), element("/api")}, all_together(), false},
      {"/apix begins as /api does", {path("/apix$"), path("/api")}, all_together(), true},
      {"/(api|v1)/.*\\.json meets /api", {path("/(api|v1)/.*\\.json"), element("/api")}, all_together(), true},
      {"… and lies not in it", {path("/(api|v1)/.*\\.json"), element("/api")}, first_alone(), true},
      {"… but in both", {path("/(api|v1)/.*\\.json"), element("/api"), element("/v1")}, first_alone(), false},
      {"a digit class in a word class", {path("/u/\\d+$"), path("/u/\\w+$")}, first_alone(), false},
      {"a word class has more", {path("/u/\\w+$"), path("/u/\\d+$")}, first_alone(), true},
      {"three digits in two to four", {path("/y/[0-9]{3}$"), path("/y/[0-9]{2,4}$")}, first_alone(), false},
      {"five digits are not", {path("/y/[0-9]{5}$"), path("/y/[0-9]{2,4}$")}, all_together(), false},
      {"twenty exclusions leave something", exclusions, first_alone(), true},
      {"five letters are all of a to e", covering, first_alone(), false},
      {"a regex without letter case has more", {path("/ip", true), path("/ip")}, first_alone(), true},
      {"shop.example.com is under the wildcard",
       {exactly("shop.example.com"), wildcard(".example.com")},
       first_alone(),
       false},
      {"a.b.example.com is not", {exactly("a.b.example.com"), wildcard(".example.com")}, all_together(), false},
      {"nor is example.com", {exactly("example.com"), wildcard(".example.com")}, all_together(), false},
      {"wildcards of two depths never meet",
       {wildcard(".example.com"), wildcard(".shop.example.com")},
       all_together(),
       false},
      {"an alias with a regex meets the wildcard",
       {host("^shop[0-9]+\\.example\\.com$"), wildcard(".example.com")},
       all_together(),
       true},
      {"… and lies in it", {host("^shop[0-9]+\\.example\\.com$"), wildcard(".example.com")}, first_alone(), false},
  };
}

}  // namespace

TEST_CASE("questions: twenty about hosts and paths") {
  REQUIRE(questions().size() == 20);
  for (const Question& question : questions()) {
    INFO(question.what);
    const Verdict verdict = ask(question.languages, question.wanted);
    REQUIRE_FALSE(std::holds_alternative<TooLarge>(verdict));
    if (const auto* yes = std::get_if<Yes>(&verdict)) {
      CHECK(question.yes);
      std::vector<bool> members;
      for (const Nfa& language : question.languages) members.push_back(accepts(language, yes->shortest));
      CHECK(question.wanted(members));
    } else {
      CHECK_FALSE(question.yes);
      CHECK(check(question.languages, question.wanted, std::get<Certificate>(verdict)));
    }
  }
}

}  // namespace portcullis
