#include "backends/haproxy/words.hpp"

#include <array>

#include <catch2/catch.hpp>

namespace portcullis::haproxy {

namespace {

constexpr std::array<std::string_view, 14> texts{"shop",         "a b",   "'", "\"", "\\",     "\\\\'",      "#x",
                                                 "%[env(PATH)]", "$HOME", "}", "{",  "a,b(c)", "'' if TRUE", "\\x20"};

}  // namespace

TEST_CASE("words: what is quoted is one word, and comes back") {
  for (const std::string_view text : texts) {
    INFO(text);
    const auto words = words_of("  http-request " + word(text) + " if { x }");
    REQUIRE(words);
    CHECK(*words == std::vector<std::string>{"http-request", std::string(text), "if", "{", "x", "}"});
  }
}

TEST_CASE("words: paths, digits, arguments and patterns come back") {
  for (const std::string_view text : texts) {
    INFO(text);
    CHECK(percent_decoded(percent_encoded(text)) == std::string(text));
    CHECK(percent_encoded(text).find_first_of(" #'\"") == std::string::npos);
    CHECK(from_hex(hex_of(text)) == std::string(text));
    CHECK(argument_text(argument(text)) == std::string(text));
    CHECK(literal_of_regex(regex_literal(text)) == std::string(text));
    CHECK(regex_word(regex_text(regex_word(text))) == regex_word(text));
    CHECK(regex_word(text).find_first_of(" '\"") == std::string::npos);
  }
}

TEST_CASE("words: numbers are written in one way") {
  CHECK(number_of("0") == 0);
  CHECK(number_of("42") == 42);
  for (const char* text : {"", "00", "07", "-1", "+1", "1 ", "x", "99999999999999999999"}) {
    INFO(text);
    CHECK_FALSE(number_of(text));
  }
}

}  // namespace portcullis::haproxy
