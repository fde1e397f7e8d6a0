#include "compiler/manifest/scalar.hpp"

#include <string>

#include <catch2/catch.hpp>

using namespace portcullis::manifest;

namespace {

struct Row {
  const char* text;
  Type type;
  std::int64_t integer = 0;  // of a number that is whole; of a boolean 1 or 0
  bool whole = true;
};

TreeNode node(std::string_view text, Tag tag = Tag::none, Style style = Style::plain) {
  TreeNode out;
  out.style = style;
  out.tag = tag;
  out.text = text.data();
  out.size = static_cast<std::uint32_t>(text.size());
  return out;
}

}  // namespace

TEST_CASE("plain scalars mean what the API server's decoder makes of them") {
  const Row rows[] = {
      {"", Type::null},
      {"~", Type::null},
      {"null", Type::null},
      {"Null", Type::null},
      {"NULL", Type::null},
      {"nUll", Type::string},
      {"~x", Type::string},
      {"y", Type::boolean, 1},
      {"Y", Type::boolean, 1},
      {"yes", Type::boolean, 1},
      {"YES", Type::boolean, 1},
      {"yEs", Type::string},
      {"on", Type::boolean, 1},
      {"True", Type::boolean, 1},
      {"n", Type::boolean, 0},
      {"No", Type::boolean, 0},
      {"OFF", Type::boolean, 0},
      {"false", Type::boolean, 0},
      {"0", Type::number, 0},
      {"-0", Type::number, 0},
      {"+80", Type::number, 80},
      {"80", Type::number, 80},
      {"080", Type::number, 80},  // no octal digit, so a float
      {"0777", Type::number, 511},
      {"0o17", Type::number, 15},
      {"0O17", Type::number, 15},
      {"0o18", Type::string},
      {"0x50", Type::number, 80},
      {"0X50", Type::number, 80},
      {"-0x50", Type::number, -80},
      {"0x", Type::string},
      {"0b101", Type::number, 5},
      {"-0b101", Type::number, -5},
      {"0b102", Type::string},
      {"1_000", Type::number, 1000},
      {"1__0", Type::number, 10},
      {"_10", Type::string},
      {"0x_50", Type::number, 80},
      {"80.0", Type::number, 80},
      {"80.", Type::number, 80},
      {"80.5", Type::number, 0, false},
      {".5", Type::number, 0, false},
      {"+.5", Type::number, 0, false},
      {".", Type::string},
      {"-", Type::string},
      {"+", Type::string},
      {"1e3", Type::number, 1000},
      {"1E+3", Type::number, 1000},
      {"1e-400", Type::number, 0},
      {"1e400", Type::string},
      {"1e", Type::string},
      {"1.2.3", Type::string},
      {"10.96.0.1", Type::string},
      {"1:30", Type::string},
      {"2147483648", Type::number, 2147483648},
      {"9223372036854775807", Type::number, INT64_MAX},
      {"9223372036854775808", Type::number, 0, false},
      {"-9223372036854775808", Type::number, INT64_MIN},
      {"99999999999999999999", Type::number, 0, false},
      {"0xFFFFFFFFFFFFFFFFFF", Type::number, 0, false},
      {"0x8000000000000000", Type::number, 0, false},
      {"2001-01-01", Type::string},
      {"2001-1-1", Type::string},
      {"2001-01-01T00:00:00Z", Type::string},
      {".inf", Type::impossible},
      {"+.Inf", Type::impossible},
      {"-.INF", Type::impossible},
      {".nan", Type::impossible},
      {".iNf", Type::string},
      {"inf", Type::string},
      {"=", Type::string},
      {"<<", Type::string},
      {"http", Type::string},
      {"nginx", Type::string},
      {"\xC2\xA0"
       "80",
       Type::string},
  };
  for (const Row& row : rows) {
    INFO("scalar " << row.text);
    const Scalar found = resolve(node(row.text));
    CHECK(found.type == row.type);
    if (row.type == Type::boolean) CHECK(found.flag == (row.integer == 1));
    if (row.type != Type::number) continue;
    CHECK(found.whole == row.whole);
    if (row.whole) CHECK(found.integer == row.integer);
  }
}

TEST_CASE("quotes make a string, tags are promises") {
  CHECK(resolve(node("80", Tag::none, Style::quoted)).type == Type::string);
  CHECK(resolve(node("", Tag::none, Style::quoted)).type == Type::string);
  CHECK(resolve(node("true", Tag::none, Style::block)).type == Type::string);

  struct Tagged {
    Tag tag;
    const char* text;
    Type type;
  };
  const Tagged rows[] = {
      {Tag::string, "80", Type::string},
      {Tag::string, "", Type::string},
      {Tag::integer, "80", Type::number},
      {Tag::integer, "0x50", Type::number},
      {Tag::integer, "80.0", Type::impossible},
      {Tag::integer, "abc", Type::impossible},
      {Tag::integer, "", Type::impossible},
      {Tag::real, "80.5", Type::number},
      {Tag::real, "80", Type::number},
      {Tag::real, ".inf", Type::impossible},
      {Tag::boolean, "yes", Type::boolean},
      {Tag::boolean, "80", Type::impossible},
      {Tag::null, "", Type::null},
      {Tag::null, "~", Type::null},
      {Tag::null, "x", Type::impossible},
      {Tag::timestamp, "2001-01-01", Type::string},
      {Tag::timestamp, "x", Type::impossible},
      {Tag::binary, "aGVsbG8=", Type::string},
      {Tag::binary, "a", Type::impossible},
      {Tag::other, "80", Type::string},
  };
  for (const Tagged& row : rows) {
    INFO("scalar " << row.text << " tag " << static_cast<int>(row.tag));
    CHECK(resolve(node(row.text, row.tag, Style::quoted)).type == row.type);
    CHECK(resolve(node(row.text, row.tag, Style::plain)).type == row.type);
  }
  CHECK(resolve(node("aGVs\nbG8=", Tag::binary)).string() == "hello");
  CHECK(resolve(node("/w==", Tag::binary)).string() == "\xEF\xBF\xBD");  // a byte that is no UTF-8
}

TEST_CASE("keys are written as JSON keys") {
  struct Key {
    const char* text;
    const char* json;  // nullptr: impossible
  };
  const Key rows[] = {
      {"app", "app"},
      {"yes", "true"},
      {"OFF", "false"},
      {"80", "80"},
      {"0x50", "80"},
      {"0777", "511"},
      {"1.0", "1"},
      {"1.50", "1.5"},
      {"1e3", "1000"},
      {"1e6", "1e+06"},
      {"0.0001", "0.0001"},
      {"0.00001", "1e-05"},
      {"1234567.0", "1.234567e+06"},
      {"~", nullptr},
      {"", nullptr},
      {"2001-01-01", "2001-01-01"},
      {"9223372036854775808", nullptr},
      {"-5", "-5"},
  };
  for (const Key& row : rows) {
    INFO("key " << row.text);
    const KeyText found = key_text(node(row.text));
    CHECK(found.possible == (row.json != nullptr));
    if (row.json != nullptr) CHECK(found.text == row.json);
  }
  CHECK(key_text(node("yes", Tag::none, Style::quoted)).text == "yes");
}
