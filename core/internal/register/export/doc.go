// Package export writes a form of the register to be kept or shown: ODS in the order of CNIL's model (a common page, then a sheet
// per activity), ODT and PDF for reading, JSON and CSV for programs.
//
// Owns: what stands where in each file, its sentences. Must not know: how a form is made. Start reading at: Write.
package export
