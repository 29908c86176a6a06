// Package lapse ends the rows of a table by their age: one declaration beside the table gives the count, the deletion, the
// move to the intermediate archive and the measure of what is overdue, so that none of them can drift from another.
//
// Owns: the statements that follow from a Line or an Estate. Must not know: who asks (the room of retention), how long a rule
// lasts, what is held. Start reading at: Line, then Lines.Expire.
package lapse
