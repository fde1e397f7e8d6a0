#include "compiler/cluster/validate/path.hpp"

#include <catch2/catch.hpp>

#include "compiler/cluster/validate/sink.hpp"

namespace portcullis::cluster {

TEST_CASE("field paths are spelt as the API spells them") {
  const Path spec("spec");
  const Path ports = spec.child("ports");
  CHECK(spec.text() == "spec");
  CHECK(ports.index(3).child("name").text() == "spec.ports[3].name");
  CHECK(ports.text() == "spec.ports");  // a path is a value: its children do not change it
  CHECK(Path("metadata").child("annotations").key("a.b/c").text() == "metadata.annotations[a.b/c]");
  CHECK(Path("spec.template.spec").child("containers").index(0).text() == "spec.template.spec.containers[0]");
}

TEST_CASE("a path deeper than any API field is our mistake") {
  Path path("a");
  for (int i = 0; i < 11; ++i) path = path.child("b");
  CHECK_THROWS_AS(path.child("c"), base::InternalError);
}

TEST_CASE("the user's words are shown printable and cut") {
  CHECK(in_quotes("web") == "`web`");
  CHECK(in_quotes(std::string("a\x1b[31m")) == "`a\\x1b[31m`");
  CHECK(in_quotes(std::string(80, 'x')) == "`" + std::string(80, 'x') + "`");
  CHECK(in_quotes(std::string(81, 'x')) == "`" + std::string(80, 'x') + "…`");
  CHECK(in_quotes(std::string(79, 'x') + "é") == "`" + std::string(79, 'x') + "…`");  // never half a character
}

TEST_CASE("an unknown word is answered with the one that was meant") {
  static constexpr std::array<std::string_view, 3> known{"ClusterIP", "LoadBalancer", "NodePort"};
  const auto hint = [](std::string_view word) {
    base::Diagnostics diagnostics;
    Sink sink({.kind = "Service", .ns = "shop", .name = "web"}, diagnostics);
    sink.refuse_unknown("PC2017", Path("spec").child("type"), {}, "type", word, known);
    CHECK_FALSE(sink.accepted());
    CHECK(diagnostics.all().front().reason == base::Reason::unsupported);
    CHECK(diagnostics.all().front().severity == base::Severity::error);
    return diagnostics.all().front().hint;
  };
  CHECK(hint("nodeport").find("write `NodePort`") != std::string::npos);
  CHECK(hint("NodePrt") == "did you mean `NodePort`?");
  CHECK(hint("Headless") == "use ClusterIP, LoadBalancer or NodePort");
}

TEST_CASE("a note refuses nothing") {
  base::Diagnostics diagnostics;
  Sink sink({.kind = "Service", .ns = "shop", .name = "web"}, diagnostics);
  sink.note("PC2036", Path("spec"), {}, "message");
  CHECK(sink.accepted());
  CHECK(diagnostics.all().front().reason == base::Reason::none);
}

}  // namespace portcullis::cluster
