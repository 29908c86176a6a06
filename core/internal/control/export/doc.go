// Package export gives the controls to other tools: OSCAL 1.0.6 (component-definition and assessment-results), OCSF 1.3
// Compliance Findings (class 2003), CSV.
//
// What is written comes from an annex.Document, the same snapshot as the annex itself, so that the forms cannot disagree.
//
// Owns: these formats. Must not know: how a status is computed. Start reading at: Write.
package export
