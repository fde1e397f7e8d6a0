// The policy language: what must hold of a cluster's traffic, in sentences. docs/policy.md teaches it.
//
// Two properties that the reader relies on (compiler/policy/parse.cpp), and that tests of the room hold:
// - One token decides everywhere, so a syntax error is always at the first word that cannot follow.
// - No rule contains itself, so no text is nested deeply.
// Every kind of name has a rule of its own, because a syntax error says what was expected in the rule's words.
grammar Policy;

policy : sentence* EOF ;

sentence
  : zoneDefinition
  | reachable
  | unreachable
  | only
  | preserves
  | sameFate
  | forbid
  | noConflicts
  | waiver
  ;

// ---- sentences

zoneDefinition : 'zone' newZone '=' zones ;
reachable : 'reachable' 'from' zones 'to' targets survival? ;
unreachable : 'unreachable' 'from' zones 'to' targets exemption? ;
only : 'only' zones ('reaches' | 'reach') targets exemption? ;
preserves : 'preserves' 'source' 'from' zones 'to' targets ;
sameFate : 'same' 'fate' 'for' service 'on' frontend (',' frontend)* 'and' frontend ('with' 'source')? ;
forbid : 'forbid' forbidden (',' forbidden)* ('except' 'in' 'namespace' namespaceName (',' namespaceName)*)? ;
noConflicts : 'no' 'conflicts' ;
waiver : 'waive' code 'on' kind object inNamespace? 'until' date 'because' reason ;

survival : 'surviving' 'any' count ('node' | 'nodes') ;
exemption : 'except' targets ;
frontend : 'cluster-ip' | 'external-ip' | 'load-balancer' | 'node-port' ;
forbidden : 'host-port' | 'host-network' | 'node-port' | 'external-ip' | 'load-balancer' ;

// ---- who sends: `except` takes away from everything before it

zones : zone (',' zone)* ('except' zone (',' zone)*)? ;
zone
  : 'anywhere'
  | 'cluster'
  | 'pods' scope
  | 'pod' object scope
  | 'nodes' where?
  | 'node' node where?
  | zoneOrRange
  ;

// ---- who is reached

targets : target (',' target)* ;
target
  : service
  | pod
  | 'any' 'node' 'port' protocol?
  | 'node' 'port' number protocol?
  | 'address' address port?
  | 'ingress' host ('path' path)?
  ;
service : ('service' object | 'services') scope port? ;
pod : ('pod' object | 'pods') scope port? ;

port : 'port' portName protocol? ;
protocol : 'tcp' | 'udp' | 'sctp' ;

// ---- which objects

scope : inNamespace? where? ;
inNamespace : 'in' 'namespace' namespaceName ;
where : 'where' condition ('and' condition)* ;
condition
  : labelKey ( '==' labelValue | '!=' labelValue | 'in' values | 'not' 'in' values )
  | 'has' labelKey
  | 'lacks' labelKey
  ;
values : '(' labelValue (',' labelValue)* ')' ;

// ---- names: a quoted word is never a word of the language

newZone : name ;
zoneOrRange : name ;
namespaceName : name ;
object : name ;
node : name ;
labelKey : name ;
labelValue : name ;
portName : name ;
number : name ;
count : name ;
address : name ;
host : name ;
path : name ;
code : name | 'host-port' | 'host-network' ;
date : name ;
kind : name | 'service' | 'pod' | 'node' | 'ingress' ;
reason : STRING ;
name : WORD | STRING ;

// ---- tokens; bytes above 0x7F come one by one

WORD : [A-Za-z0-9_.:/*-]+ ;
STRING : '"' (~["\\\r\n] | '\\' ~[\r\n])* '"' ;
UNCLOSED : '"' (~["\\\r\n] | '\\' ~[\r\n])* '\\'? ;
COMMENT : '#' ~[\r\n]* -> skip ;
BLANK : [ \t\r\n]+ -> skip ;
FOREIGN : [\u0080-\u00FF]+ | . ;
