#include "compiler/cluster/secrets.hpp"

#include <optional>

#include <catch2/catch.hpp>

#include "compiler/cluster/certificate.hpp"
#include "compiler/manifest/base64.hpp"
#include "tests/unit/cluster/certificates.hpp"
#include "tests/unit/cluster/world.hpp"

namespace portcullis::tests {

namespace {

using cluster::certificate_names;

const Texts shop_names{"shop.example.com", "*.api.example.com"};

// Standard base64 with padding.
std::string base64(std::string_view bytes) {
  static constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 3; ++j)
      bits = bits << 8U | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    for (std::size_t j = 0; j < 4; ++j) text += i + j > bytes.size() ? '=' : digits[bits >> (18U - 6U * j) & 63U];
  }
  return text;
}

std::string pem_of(std::string_view der) {
  return "-----BEGIN CERTIFICATE-----\n" + base64(der) + "\n-----END CERTIFICATE-----\n";
}

// The bytes that the PEM text stands for.
std::string der_of(std::string_view pem) {
  const std::size_t begin = pem.find('\n') + 1;
  std::string der;
  REQUIRE(manifest::decode_base64(pem.substr(begin, pem.find("-----END") - begin), der));
  return der;
}

std::string secret(const std::string& fields, const std::string& name = "s") {
  return "---\n{apiVersion: v1, kind: Secret, metadata: {name: " + name + ", namespace: shop}, " + fields + "}\n";
}

const cluster::Secret& only(const World& world) {
  INFO(world.said());
  REQUIRE(world.cluster().secrets.size() == 1);
  return world.cluster().secrets.front();
}

}  // namespace

TEST_CASE("a certificate is read for its DNS names, in lower case, and for no other names") {
  CHECK(certificate_names(shop_certificate) == shop_names);
  CHECK(certificate_names(nameless_certificate) == Texts{});
}

TEST_CASE("the first certificate counts, whatever stands around it") {
  const std::string other = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
  const std::string shop(shop_certificate), nameless(nameless_certificate);
  CHECK(certificate_names(other + shop + nameless) == shop_names);
  CHECK(certificate_names(nameless + shop) == Texts{});
  CHECK(certificate_names("shop\n\n" + shop) == shop_names);
}

TEST_CASE("what is no certificate has no names") {
  for (const std::string_view text :
       {"", "PLACEHOLDER", "-----BEGIN CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: "
        "AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\nAAAA\n-----END CERTIFICATE-----\n"}) {
    INFO(text);
    CHECK(certificate_names(text) == std::nullopt);
  }
}

TEST_CASE("broken bytes in a certificate are survived, and give no name that is none") {
  const std::string der = der_of(shop_certificate);
  REQUIRE(certificate_names(pem_of(der)) == shop_names);
  std::size_t refused = 0;
  const auto survive = [&](const std::string& bytes) {
    const auto names = certificate_names(pem_of(bytes));
    if (!names) ++refused;
    for (const std::string& name : names.value_or(Texts{}))
      CHECK(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-._*") == std::string::npos);
  };
  for (std::size_t i = 0; i < der.size(); ++i) {
    survive(der.substr(0, i));
    for (const char c : {'\x00', '\x30', '\x7f', '\x84', '\xff'}) {
      std::string bytes = der;
      bytes[i] = c;
      survive(bytes);
    }
  }
  CHECK(refused > der.size());  // every text that is cut off
}

TEST_CASE("a Secret has a certificate when the certificate and its key are there") {
  const std::string certificate = "tls.crt: " + base64(shop_certificate);
  const World whole(secret("type: kubernetes.io/tls, data: {" + certificate + ", tls.key: a2V5}"));
  CHECK(only(whole).id() == "shop/s");
  CHECK(only(whole).type == "kubernetes.io/tls");
  CHECK(only(whole).names == shop_names);
  CHECK(only(whole).has_certificate);
  CHECK(whole.text(only(whole).span) == "s");

  const World no_key(secret("data: {" + certificate + "}"));
  CHECK(only(no_key).type == "Opaque");
  CHECK(only(no_key).names == shop_names);
  CHECK_FALSE(only(no_key).has_certificate);
}

TEST_CASE("stringData replaces data") {
  std::string quoted;
  for (const char c : shop_certificate) quoted += c == '\n' ? std::string("\\n") : std::string(1, c);
  const World plain(secret("stringData: {tls.crt: \"" + quoted +
                           "\", tls.key: key}, data: {tls.crt: " + base64(nameless_certificate) + "}"));
  CHECK(only(plain).names == shop_names);
  CHECK(only(plain).has_certificate);
}

TEST_CASE("a Secret that holds something else has no certificate") {
  for (const std::string data : {"{}", "{tls.crt: '', tls.key: ''}", "{tls.crt: '%%%', tls.key: a2V5}",
                                 "{tls.crt: UExBQ0VIT0xERVI=, tls.key: a2V5}"}) {
    INFO(data);
    const World world(secret("type: kubernetes.io/tls, data: " + data));
    CHECK_FALSE(only(world).has_certificate);
    CHECK(only(world).names.empty());
  }
}

TEST_CASE("Secrets are found by namespace and name") {
  const World world(secret("type: a", "z") + secret("type: b", "a") +
                    "---\n{apiVersion: v1, kind: Secret, metadata: {name: z}, type: c}\n");
  const cluster::Cluster& cluster = world.cluster();
  REQUIRE(cluster.secret("shop", "a") != nullptr);
  CHECK(cluster.secret("shop", "a")->type == "b");
  CHECK(cluster.secret("shop", "z")->type == "a");
  CHECK(cluster.secret("default", "z")->type == "c");
  CHECK(cluster.secret("shop", "b") == nullptr);
  CHECK(cluster.secret("default", "a") == nullptr);
}

}  // namespace portcullis::tests
