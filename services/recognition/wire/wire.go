// Package wire is what an agent and the platform say to each other about cards: rows, chunks, digests, and the repair of a lost store.
//
// Owns: the binary form of rows and chunks, the keyed hashes of numbers and contents, the digest of a set, set reconciliation. Must not
// know: HTTP, the database, sources. Start reading at: Row.
//
// An agent holds a set of entries, one for each card: the keyed hash of its key in its source, and the keyed hash of its content. The
// platform holds the same set. Equal digests prove that both are equal; when they are not, Cells find out where they differ.
package wire

import (
	"time"

	"github.com/rempart/rempart/core"
)

// Row is one card as it leaves a source: nothing but numbers, what is shown and what scripts receive (CTI-29).
type Row struct {
	Key     string   // of the record in its source, hashed before it leaves
	Numbers []string // E.164
	Name    string
	Company string
	Shown   map[string]string
	Scripts map[string]string
}

// Limits of one row. A row beyond them is refused on both sides.
const (
	MostNumbers = 64   // of one row
	MostFields  = 32   // shown, and as many for scripts
	MostText    = 1000 // bytes of one text
	MostRows    = 20_000
	MostBody    = 4 << 20  // bytes of a chunk as it is sent
	MostRaw     = 32 << 20 // bytes of a chunk once it is opened
)

// ChunkRows is how many rows an agent puts into a chunk, ChunkRaw how many bytes before they are compressed.
const (
	ChunkRows = 10_000
	ChunkRaw  = 2 << 20
)

// DeltaChunks is how many chunks a session may bring that does not bring the whole set.
const DeltaChunks = 5

// Patience is how long the platform may take to answer about a whole set, of which it reads every card: about a second for a million on a
// quiet machine. An agent waits longer, so that it is told to come back instead of leaving.
const Patience = 100 * time.Second

// Opened is what the platform answers to an agent that begins.
type Opened struct {
	Session    core.ID `json:"session" doc:"Id of the session, for what follows"`
	Generation int64   `json:"generation" doc:"How many times the cards of this link have changed"`
	Count      int     `json:"count" doc:"How many cards the platform holds"`
	Digest     string  `json:"digest" doc:"Digest of the set of cards, read from the rows now (64 hexadecimal digits)"`
	Key        string  `json:"key" doc:"Key of the hashes, to be held in memory only (64 hexadecimal digits)"`
	Next       int     `json:"next" doc:"Number of the next chunk: above 0 when a session that was cut goes on"`
	Through    string  `json:"through,omitempty" doc:"The last id of the sorted chunks that arrived, when a session goes on"`
	Staged     string  `json:"staged,omitempty" doc:"Digest of what these chunks hold up to it, when a session goes on"`
	Full       bool    `json:"full" doc:"The session brings the whole set: what it does not bring goes at its end"`
	Loading    bool    `json:"loading" doc:"The set of the session before is being loaded: begin again in a moment"`
	Waiting    bool    `json:"waiting" doc:"A change that removes much waits for a person: nothing else is taken until then"`
}

// Committed is where the end of a session stands.
type Committed struct {
	State      string `json:"state" enum:"open,switching,done,waiting,differs,refused" doc:"done: what was sent is found; switching: being loaded; waiting: a person has to approve; differs: the digests are not equal, nothing changed; refused: a person refused it"`
	Generation int64  `json:"generation" doc:"Generation of the cards"`
	Count      int    `json:"count" doc:"How many cards the platform holds"`
	Digest     string `json:"digest" doc:"Digest of the set, as the platform computed it"`
	Loaded     int    `json:"loaded" doc:"Cards loaded so far, while switching"`
}
