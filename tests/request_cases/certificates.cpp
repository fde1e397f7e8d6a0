#include "tests/request_cases/certificates.hpp"

#include <map>
#include <memory>
#include <stdexcept>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace portcullis::request_cases {

namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* value) const {
    Free(value);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using X509Pointer = std::unique_ptr<X509, Freed<X509_free>>;
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;

void demand(bool good) {
  if (!good) throw std::runtime_error("OpenSSL makes no certificate");
}

std::string text(BIO* bio) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

KeyPair make(const std::vector<std::string>& names) {
  const Key key(EVP_EC_gen("P-256"));
  const X509Pointer certificate(X509_new());
  demand(key && certificate);
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600L * 24 * 3650);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* name = X509_get_subject_name(certificate.get());
  constexpr std::string_view common = "case";
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(common.data()),
                             static_cast<int>(common.size()), -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  const std::string alternatives = fmt::format("DNS:{}", fmt::join(names, ",DNS:"));
  const Extension extension(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, const_cast<char*>(alternatives.c_str())));
  demand(extension != nullptr && X509_add_ext(certificate.get(), extension.get(), -1) == 1);
  demand(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);
  const Bio shown(BIO_new(BIO_s_mem()));
  const Bio secret(BIO_new(BIO_s_mem()));
  demand(PEM_write_bio_X509(shown.get(), certificate.get()) == 1);
  demand(PEM_write_bio_PrivateKey(secret.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return {text(shown.get()), text(secret.get())};
}

}  // namespace

const KeyPair& certificate_for(const std::vector<std::string>& names) {
  static std::map<std::vector<std::string>, KeyPair> made;
  const auto found = made.find(names);
  return found != made.end() ? found->second : made.emplace(names, make(names)).first->second;
}

std::string base64(const std::string& bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

}  // namespace portcullis::request_cases
