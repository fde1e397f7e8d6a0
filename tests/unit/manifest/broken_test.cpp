// Documents that cannot be read: one finding each, at the place that has to be changed, and the rest of the input is
// still read.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/unit/manifest/reading.hpp"

using namespace portcullis;
using manifest::test::read_string;
using manifest::test::Reading;

namespace {

const std::string good = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: after}\n";

struct Row {
  const char* text;
  const char* finding;
};

}  // namespace

TEST_CASE("broken YAML is one finding with a place, and the next document is read") {
  const Row rows[] = {
      {"kind: Service\n\tmetadata: {}\n", "PC1001 2:1 cannot read this as YAML: a tab indents this line"},
      {"spec:\n\t- a\n", "PC1001 2:1 cannot read this as YAML: a tab indents this line"},
      {"spec:\n  a: 1\n  \tb: 2\n", "PC1001 3:3 cannot read this as YAML: a tab indents this line"},
      {"name: a: b\n", "PC1001 1:8 cannot read this as YAML: `: ` begins a second key and value on this line"},
      {"kind: Service\n  metadata: {}\n",
       "PC1001 2:11 cannot read this as YAML: `: ` begins a second key and value on this line"},
      {"a:\n  b: 1\n c: 2\n", "PC1001 3:2 cannot read this as YAML: expected a key, or the end of this map"},
      {"a: 1\nb\n", "PC1001 2:1 cannot read this as YAML: expected `: ` after a key"},
      {"- a\nb: 1\n", "PC1001 2:1 cannot read this as YAML: expected `- `, the next item of this list"},
      {"a: [1, 2\n", "PC1001 1:4 cannot read this as YAML: the `[` here is never closed"},
      {"a: {b: 1\n", "PC1001 1:4 cannot read this as YAML: the `{` here is never closed"},
      {"a: [1, 2}\n", "PC1001 1:9 cannot read this as YAML: expected `,` or `]` in this list"},
      {"a: [b]c\n", "PC1001 1:7 cannot read this as YAML: text follows the closing `]`"},
      {"a: \"b\"c\n", "PC1001 1:7 cannot read this as YAML: text follows the closing `\"`"},
      {"a: \"b\n", "PC1001 1:4 cannot read this as YAML: the quote that opens here is never closed"},
      {"a: 'b\n", "PC1001 1:4 cannot read this as YAML: the quote that opens here is never closed"},
      {"a: \"\\q\"\n", "PC1001 1:5 cannot read this as YAML: no such escape in a double-quoted value"},
      {"a: \"\\xZZ\"\n", "PC1001 1:7 cannot read this as YAML: expected hexadecimal digits in this escape"},
      {"a: \"\\ud800\"\n", "PC1001 1:7 cannot read this as YAML: this escape is no Unicode character"},
      {"a: @b\n", "PC1001 1:4 cannot read this as YAML: a value cannot begin with `@`"},
      {"a: `b\n", "PC1001 1:4 cannot read this as YAML: a value cannot begin with ```"},
      {"a: - b\n", "PC1001 1:4 cannot read this as YAML: a list item `- ` cannot begin here"},
      {"a: | b\n", "PC1001 1:6 cannot read this as YAML: expected the end of the line after `|` or `>`"},
      {"a: |0\n  b\n", "PC1001 1:5 cannot read this as YAML: an indentation of 0 cannot be"},
      {"a: *b\n", "PC1001 1:4 cannot read this as YAML: `*b` stands for nothing: no `&b` comes before it"},
      {"a: &b\n  c: *b\n",
       "PC1001 2:6 cannot read this as YAML: `*b` stands inside of what `&b` names, so the value would contain itself"},
      {"a: & b\n", "PC1001 1:5 cannot read this as YAML: expected a name after `&` or `*`"},
      {"a: !x!y b\n", "PC1001 1:4 cannot read this as YAML: no `%TAG` line defines this tag"},
      {"a: {<<: b}\n", "PC1001 1:9 cannot read this as YAML: a merge key `<<` takes a map or a list of maps"},
      {"a: {<<: [{}, b]}\n", "PC1001 1:14 cannot read this as YAML: a merge key `<<` takes a map or a list of maps"},
      {"a: {{b: c}: d}\n", "PC1001 1:5 cannot read this as YAML: a map stands where a key is due"},
      {"? [a]\n: b\n", "PC1001 1:3 cannot read this as YAML: a list stands where a key is due"},
      {"~: b\n", "PC1001 1:1 cannot read this as YAML: `~` cannot be a key"},
      {": b\n", "PC1001 1:1 cannot read this as YAML: expected a key, or the end of this map"},
      {"?\n: b\n", "PC1001 1:2 cannot read this as YAML: an empty key"},
      {"a: \x01\n", "PC1001 1:4 cannot read this as YAML: a control character stands here"},
      {"\xC3\xA9: \xFF\n", "PC1001 1:4 cannot read this as YAML: the bytes here are no UTF-8"},
      {"a: \xC3\n", "PC1001 1:4 cannot read this as YAML: the bytes here are no UTF-8"},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    const Reading reading = read_string(row.text + good);
    CHECK(reading.lines() == std::vector<std::string>{row.finding});
    CHECK(reading.input.unreadable);
    CHECK(reading.input.objects.size() == 1);
  }
}

TEST_CASE("a NUL byte ends no text") {
  std::string text = "a: b\nc: ?\n" + good;
  text[8] = '\0';
  const Reading reading = read_string(text);
  CHECK(reading.lines() ==
        std::vector<std::string>{"PC1001 2:4 cannot read this as YAML: a control character stands here"});
  CHECK(reading.input.objects.size() == 1);
}

TEST_CASE("hints say what to do") {
  CHECK(read_string("kind: Service\n\tmetadata: {}\n").diagnostics.all().at(0).hint == "YAML indents with spaces");
  CHECK(read_string("a: @b\n").diagnostics.all().at(0).hint == "quote the value");
  CHECK(read_string("kind: A\nb: {{ .Address }}\n").diagnostics.all().at(0).hint ==
        "render the template first, or quote the value");
}

TEST_CASE("broken JSON is one finding with a place, and the next object is read") {
  const std::string next = "\n{\"apiVersion\": \"v1\", \"kind\": \"Namespace\", \"metadata\": {\"name\": \"after\"}}\n";
  const Row rows[] = {
      {"{\"a\": }", "PC1001 1:7 cannot read this as JSON: expected a value before this `}`"},
      {"{\"a\": 1,}", "PC1001 1:9 cannot read this as JSON: expected a key before this `}`"},
      {"{\"a\": [1,]}", "PC1001 1:10 cannot read this as JSON: expected a value before this `]`"},
      {"{\"a\" 1}", "PC1001 1:6 cannot read this as JSON: expected `:` after the key, this is `1`"},
      {"{a: 1}", "PC1001 1:2 cannot read this as JSON: expected a key in double quotes, this is `a`"},
      {"{\"a\": 'b'}", "PC1001 1:7 cannot read this as JSON: a single quote cannot open a string"},
      {"{\"a\": yes}", "PC1001 1:7 cannot read this as JSON: expected a value, this is `y`"},
      {"{\"a\": tru}", "PC1001 1:7 cannot read this as JSON: expected a value, this is `t`"},
      {"{\"a\": 01}", "PC1001 1:7 cannot read this as JSON: `01` is no JSON number"},
      {"{\"a\": 1.}", "PC1001 1:7 cannot read this as JSON: `1.` is no JSON number"},
      {"{\"a\": \"b}", "PC1001 1:7 cannot read this as JSON: the string that opens here is not closed on its line"},
      {"{\"a\": \"\\q\"}", "PC1001 1:8 cannot read this as JSON: no such escape in a JSON string"},
      {"{\"a\": \"\\u12\"}", "PC1001 1:8 cannot read this as JSON: expected four hexadecimal digits after `\\u`"},
      {"{\"a\": \"\t\"}", "PC1001 1:8 cannot read this as JSON: a control character in a string"},
      {"{\"a\": \"\xFF\"}", "PC1001 1:8 cannot read this as JSON: the bytes here are no UTF-8"},
      {"{\"a\": 1 // x\n}", "PC1001 1:9 cannot read this as JSON: expected `,` or `}`, this is `/`"},
      {"{\"a\": [1 2]}", "PC1001 1:10 cannot read this as JSON: expected `,` or `]`, this is `2`"},
      {"{\"a\": [1, 2}", "PC1001 1:12 cannot read this as JSON: expected `,` or `]`, this is `}`"},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    const Reading reading = read_string(row.text + next, true);
    CHECK(reading.lines() == std::vector<std::string>{row.finding});
    CHECK(reading.input.objects.size() == 1);
  }
  const Reading open = read_string("{\"a\": {\"b\": 1}", true);
  CHECK(open.lines() == std::vector<std::string>{"PC1001 1:1 cannot read this as JSON: the `{` here is never closed"});
}

TEST_CASE("Helm templates are told apart from broken YAML and from data") {
  const Row rows[] = {
      {"kind: A\nport: {{ .Values.port }}\n", "PC1002 2:7 `{{ .Values.port }}` is a Helm template, not a manifest"},
      {"{{- if .Values.on }}\nkind: A\n{{- end }}\n",
       "PC1002 1:1 `{{- if .Values.on }}` is a Helm template, not a manifest"},
      {"apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec:\n  type: x-{{ .Release.Name }}\n",
       "PC1002 5:11 `{{ .Release.Name }}` is a Helm template, not a manifest"},
      {"kind: A\na: |\n  {{ .Values.a }}\nb: {{ include \"x\" . }}\n",
       "PC1002 4:4 `{{ include \"x\" . }}` is a Helm template, not a manifest"},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    const Reading reading = read_string(row.text + good);
    CHECK(reading.lines() == std::vector<std::string>{row.finding});
    CHECK(reading.input.objects.size() == 1);
    CHECK(reading.input.unreadable);
  }
  const char* const data[] = {
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  a: |\n    {{ .Values.a }}\n",
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  a: \"{{ .Values.a }}\"\n  b: '{{- end }}'\n",
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}  # {{ .Values.a }}\n",
      ("apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: a}\nspec: {x: 'a-{{workflow.name}}', y: "
       "$(params.x)}\n"),
  };
  for (const char* text : data) {
    INFO(text);
    CHECK(read_string(text).lines().empty());
  }
}
