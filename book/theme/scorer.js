/* What stands first among the pages found: those for a learner, then those for whoever reads the code or teaches. */
var Scorer = {
  score: ([page, , , , score]) => score + (/^(lessons|glossary|service-levels)/.test(page) ? 14 : /^(gallery|labs|errata|index)/.test(page) ? 6 : 0),
  objNameMatch: 11, objPartialMatch: 6, objPrio: { 0: 15, 1: 5, 2: -5 }, objPrioDefault: 0,
  title: 15, partialTitle: 7, term: 5, partialTerm: 2,
};
