// What a name and a path leave open of a request, as terms; and a request from a model.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "compiler/ir/l7/request.hpp"
#include "verifier/obligations/routes/header_values.hpp"
#include "verifier/obligations/routes/treatments.hpp"
#include "verifier/smt/session.hpp"

namespace portcullis::routes {

class RequestTerms {
 public:
  // Terms for the conditions of these treatments. Everything must outlive this.
  RequestTerms(smt::Session& session, const Treatments& treatments, const std::set<AtomId>& atoms);

  [[nodiscard]] smt::Term https() const { return https_; }
  [[nodiscard]] smt::Term holds(AtomId atom) const { return atoms_.at(atom); }
  // What is true of every request.
  [[nodiscard]] smt::Term assumed() const;
  // A source in one of the prefixes.
  [[nodiscard]] smt::Term source_in(const net::PrefixSet& sources) const;
  // The request is one as people would send, as far as a witness may be chosen: weaker wishes first.
  [[nodiscard]] std::vector<smt::Term> wishes() const;
  // Why an answer `sat` may be none and `unsat` still is one; empty: both are.
  [[nodiscard]] const std::string& open() const { return open_; }

  // Fills in what the model says: scheme, method, headers, source, body, credentials.
  void fill(const smt::Model& model, ir::l7::Request& request) const;

 private:
  struct Header {
    std::string name;
    std::vector<std::pair<smt::Term, std::string>> sent;  // that this value is sent
  };
  [[nodiscard]] smt::Term made(const Atom& atom);
  [[nodiscard]] smt::Term of_family(const net::Prefix& prefix) const;
  [[nodiscard]] smt::Term choice(const char* what, const std::vector<std::string>& values, const std::string& value);
  void add_headers(const Treatments& treatments, const std::set<AtomId>& atoms);

  smt::Session& session_;
  smt::Term https_, v6_, v4_source_, v6_source_, body_, authorised_, over_rate_, method_;
  std::vector<std::string> methods_;                         // by number; any other: behind the last
  std::map<std::string, std::vector<std::string>> cookies_;  // by name: values by number
  std::map<std::string, smt::Term> cookie_terms_;
  std::vector<Header> headers_;
  std::map<AtomId, smt::Term> atoms_;
  std::string open_;
};

// The leaf that a treatment ends in, as a number of 32 bits.
[[nodiscard]] smt::Term leaf_term(smt::Session& session, const RequestTerms& terms, const Treatment& treatment);
// That it ends in one of these leaves.
[[nodiscard]] smt::Term leaf_among(smt::Session& session, const RequestTerms& terms, const Treatment& treatment,
                                   const std::set<LeafId>& leaves);
// The atoms of a treatment are added.
void add_atoms(const Treatment& treatment, std::set<AtomId>& atoms);

}  // namespace portcullis::routes
