package journal

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/rempart/rempart/core"
	"github.com/rempart/rempart/kit/clock"
	"github.com/rempart/rempart/kit/db"
	"github.com/rempart/rempart/verify"
)

var (
	qWitnessed = db.SQL(`SELECT size, root FROM journal_witness WHERE origin = $1`)
	qWitness   = db.SQL(`INSERT INTO journal_witness (origin, size, root, at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (origin) DO UPDATE SET size = excluded.size, root = excluded.root, at = excluded.at`)
)

// WitnessName is the name under which this installation cosigns checkpoints of others.
func (m *Module) WitnessName() string { return m.name + "/witness" }

// AddCheckpoint is the endpoint of a C2SP tlog-witness (POST <prefix>/add-checkpoint): it cosigns a checkpoint of one of
// the known installations once it is shown to extend what was cosigned before. A log never goes back here, so that an
// operator who rewrites its journal cannot have the new one cosigned.
func (m *Module) AddCheckpoint(known ...verify.Key) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<16))
		if err != nil {
			http.Error(w, "too long", http.StatusRequestEntityTooLarge)
			return
		}
		sub, err := parseSubmission(body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		status, answer := m.cosign(r, sub, known)
		if status == http.StatusConflict {
			w.Header().Set("Content-Type", "text/x.tlog.size")
		} else {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	})
}

// submission is the body of a request to a witness.
type submission struct {
	old   uint64
	proof []verify.Hash
	note  []byte
}

var errSubmission = errors.New("the request is not: old size, proof, empty line, checkpoint")

func parseSubmission(body []byte) (s submission, err error) {
	in := bufio.NewReader(bytes.NewReader(body))
	line, err := in.ReadString('\n')
	size, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "old ")
	if err != nil || !ok {
		return s, errSubmission
	}
	if s.old, err = strconv.ParseUint(size, 10, 64); err != nil || strconv.FormatUint(s.old, 10) != size {
		return s, errSubmission
	}
	for {
		line, err := in.ReadString('\n')
		if err != nil || len(s.proof) > 63 {
			return s, errSubmission
		}
		if line == "\n" {
			break
		}
		h, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSuffix(line, "\n"))
		if err != nil || len(h) != 32 {
			return s, errSubmission
		}
		s.proof = append(s.proof, verify.Hash(h))
	}
	s.note, err = io.ReadAll(in)
	return s, err
}

func (m *Module) cosign(r *http.Request, s submission, known []verify.Key) (status int, answer string) {
	origin := verify.OriginOf(s.note)
	var key verify.Key
	for _, k := range known {
		if origin == k.Name || strings.HasPrefix(origin, k.Name+"/") {
			key = k
		}
	}
	if key.Name == "" {
		return http.StatusNotFound, "this log is not known here\n"
	}
	c, err := verify.OpenCheckpoint(s.note, key)
	if err != nil {
		return http.StatusForbidden, "the checkpoint is not signed by the key known here\n"
	}
	if s.old > c.Size {
		return http.StatusBadRequest, "the old size is larger than the checkpoint's\n"
	}
	err = m.db.Write(r.Context(), func(tx core.Tx) error {
		status = http.StatusOK
		type seen struct {
			size uint64
			root []byte
		}
		last, found, err := db.One(r.Context(), tx, qWitnessed, func(scan db.Scan) (v seen, err error) {
			err = scan(&v.size, &v.root)
			return v, err
		}, origin)
		if err != nil {
			return err
		}
		if last.size != s.old {
			status, answer = http.StatusConflict, fmt.Sprintf("%d\n", last.size)
			return nil
		}
		root := verify.EmptyRoot()
		if found {
			copy(root[:], last.root)
		}
		if verify.Consistency(s.old, c.Size, root, c.Root, s.proof) != nil {
			status, answer = http.StatusUnprocessableEntity, "the proof does not hold\n"
			return nil
		}
		_, err = tx.Exec(r.Context(), qWitness, origin, int64(c.Size), c.Root[:], clock.Micros(m.clock.Now()))
		return err
	})
	if err != nil {
		m.log.Error("a witness request failed", "error", err.Error())
		return http.StatusInternalServerError, "try again\n"
	}
	if status != http.StatusOK {
		return status, answer
	}
	signed, err := note.Sign(&note.Note{Text: c.Body()}, verify.Cosigner(m.WitnessName(), m.public, m.clock.Now().Unix(), m.sign))
	if err != nil {
		return http.StatusInternalServerError, "try again\n"
	}
	_, lines, _ := cutNote(string(signed))
	return http.StatusOK, lines
}
