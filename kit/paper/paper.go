// Package paper draws a document for reading, for the archive and for those who quote it: HTML that stands alone, PDF/A-2b,
// OpenDocument text; and tables for spreadsheets, as OpenDocument. The same document gives the same bytes, whenever it is drawn.
//
// Owns: the blocks that documents are made of, how each form draws them, fonts and colours. Must not know: what a document says.
// Start reading at: Document, then Workbook.
package paper

import (
	"time"

	"github.com/rempart/rempart/kit/i18n"
)

// Document is what is drawn.
type Document struct {
	Title  string
	Lang   i18n.Lang
	At     time.Time
	Foot   string // at the foot of each page: the hash of what it says
	Blocks []Block
}

// Sort of a block: the forms draw the same blocks.
type Sort uint8

// The sorts of blocks.
const (
	Title Sort = iota
	Heading
	Part // a smaller heading
	Words
	Faint
	List
	Table
	State // a status in a word (Text), with a sentence (More)
	Code
)

// Tone is how a status is coloured; the word always stands with it.
type Tone string

// The tones; the zero one is faint.
const (
	Good Tone = "good"
	Bad  Tone = "bad"
	Warn Tone = "warn"
)

// Block is one block of a document.
type Block struct {
	Sort  Sort
	Text  string
	More  string // after a state
	Tone  Tone
	Items []string
	Head  []string
	Rows  [][]string
	Wide  []float64 // share of each column, in percent
}

var tPage = i18n.T("Page %d sur {nb}", "Page %d of {nb}")
