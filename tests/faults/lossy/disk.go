// Package lossy is a disk that tests break: it forgets what was not synced when its power is cut, and answers EIO or
// ENOSPC when told to.
//
// Owns: a model of one flat folder on such a disk (Disk), and its mount through FUSE (Mount). Must not know: what is
// stored on it. Start reading at: Disk.Cut.
//
// The model is harsher than most disks: each 512-byte sector written since the last fsync of its file reaches the disk
// or not, at random and on its own; a changed size likewise; names made, removed or renamed since the last fsync of
// anything survive up to a random point, in order (as an ordered journal of metadata does).
package lossy

import (
	"maps"
	"math/rand/v2"
	"sync"
	"syscall"
)

const sector = 512

// Disk is one flat folder. Its methods stand for the kernel's view; Cut gives what is left without power.
type Disk struct {
	mu      sync.Mutex
	names   map[string]*file
	history []map[string]*file // the namespace after each change since the last fsync, oldest first
	durable map[string]*file

	dead     bool
	fuse     int // writes and syncs left before the power goes; < 0: never
	failSync bool
	lies     bool
	room     int64 // bytes that all files may hold; 0: no limit
	Writes   int   // done so far
	Syncs    int
}

type file struct {
	now   []byte
	kept  []byte
	dirty map[int64]struct{} // sectors
}

// New makes an empty disk.
func New() *Disk {
	return &Disk{names: map[string]*file{}, durable: map[string]*file{}, fuse: -1}
}

// CutAfter lets n more writes or syncs pass, then the power is gone: nothing answers any more.
func (d *Disk) CutAfter(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fuse = n
}

// FailSync makes every fsync answer EIO, or work again.
func (d *Disk) FailSync(fail bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failSync = fail
}

// Lie makes every fsync answer that all is well without making anything durable: what tests must notice.
func (d *Disk) Lie(lie bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lies = lie
}

// Room limits what all files may hold together; 0 lifts the limit.
func (d *Disk) Room(bytes int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.room = bytes
}

// Used tells how much the files hold.
func (d *Disk) Used() (n int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.used()
}

func (d *Disk) used() (n int64) {
	for _, f := range d.names {
		n += int64(len(f.now))
	}
	return n
}

// Dead tells whether the power is gone.
func (d *Disk) Dead() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.dead
}

// Cut takes the power and gives the disk as it is found afterwards.
func (d *Disk) Cut(r *rand.Rand) *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dead = true
	names := d.durable
	if n := r.IntN(len(d.history) + 1); n > 0 {
		names = d.history[n-1]
	}
	after := New()
	for name, f := range names {
		left := f.cut(r)
		after.names[name] = &file{now: left, kept: append([]byte(nil), left...), dirty: map[int64]struct{}{}}
	}
	after.durable = maps.Clone(after.names)
	return after
}

func (f *file) cut(r *rand.Rand) []byte {
	left := append([]byte(nil), f.kept...)
	size := len(f.kept)
	if len(f.now) != size && r.IntN(2) == 0 {
		size = len(f.now)
	}
	if size < len(left) {
		left = left[:size]
	}
	for len(left) < size {
		left = append(left, make([]byte, min(size-len(left), 1<<16))...)
	}
	for s := range f.dirty {
		at := s * sector
		if at < int64(size) && at < int64(len(f.now)) && r.IntN(2) == 0 {
			copy(left[at:], f.now[at:min(at+sector, int64(len(f.now)))])
		}
	}
	return left
}

// step counts a write or a sync and tells whether there is still power for it.
func (d *Disk) step() bool {
	if d.fuse == 0 {
		d.dead = true
	}
	if d.fuse > 0 {
		d.fuse--
	}
	return !d.dead
}

// The operations, as the kernel asks for them.

func (d *Disk) write(f *file, at int64, data []byte) syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.step() {
		return syscall.EIO
	}
	end := at + int64(len(data))
	if grow := end - int64(len(f.now)); grow > 0 {
		if d.room > 0 && d.used()+grow > d.room {
			return syscall.ENOSPC
		}
		f.now = append(f.now, make([]byte, grow)...)
	}
	copy(f.now[at:end], data)
	for s := at / sector; s*sector < end; s++ {
		f.dirty[s] = struct{}{}
	}
	d.Writes++
	return 0
}

func (d *Disk) truncate(f *file, size int64) syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.step() {
		return syscall.EIO
	}
	if grow := size - int64(len(f.now)); grow > 0 {
		if d.room > 0 && d.used()+grow > d.room {
			return syscall.ENOSPC
		}
		f.now = append(f.now, make([]byte, grow)...)
		return 0
	}
	f.now = f.now[:size:size]
	for s := range f.dirty {
		if s*sector >= size {
			delete(f.dirty, s)
		}
	}
	return 0
}

func (d *Disk) read(f *file, at int64, into []byte) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if at >= int64(len(f.now)) {
		return 0
	}
	return copy(into, f.now[at:])
}

// sync makes a file durable, and with it every name there is.
func (d *Disk) sync(f *file) syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.step() || d.failSync {
		return syscall.EIO
	}
	d.Syncs++
	if d.lies {
		return 0
	}
	if f != nil {
		if len(f.kept) > len(f.now) {
			f.kept = f.kept[:len(f.now)]
		}
		if grow := len(f.now) - len(f.kept); grow > 0 {
			f.kept = append(f.kept, make([]byte, grow)...)
		}
		for s := range f.dirty {
			at := s * sector
			copy(f.kept[at:], f.now[at:min(at+sector, int64(len(f.now)))])
		}
		clear(f.dirty)
	}
	d.durable, d.history = maps.Clone(d.names), nil
	return 0
}

func (d *Disk) find(name string) *file {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.names[name]
}

func (d *Disk) create(name string) (*file, syscall.Errno) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.step() {
		return nil, syscall.EIO
	}
	f := &file{dirty: map[int64]struct{}{}}
	d.names[name] = f
	d.history = append(d.history, maps.Clone(d.names))
	return f, 0
}

func (d *Disk) remove(name string) syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.names[name] == nil {
		return syscall.ENOENT
	}
	if !d.step() {
		return syscall.EIO
	}
	delete(d.names, name)
	d.history = append(d.history, maps.Clone(d.names))
	return 0
}

func (d *Disk) rename(from, to string) syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := d.names[from]
	if f == nil {
		return syscall.ENOENT
	}
	if !d.step() {
		return syscall.EIO
	}
	delete(d.names, from)
	d.names[to] = f
	d.history = append(d.history, maps.Clone(d.names))
	return 0
}

func (d *Disk) link(f *file, to string) syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.names[to] != nil {
		return syscall.EEXIST
	}
	if !d.step() {
		return syscall.EIO
	}
	d.names[to] = f
	d.history = append(d.history, maps.Clone(d.names))
	return 0
}

func (d *Disk) list() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var names []string
	for n := range d.names {
		names = append(names, n)
	}
	return names
}

func (d *Disk) size(f *file) int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return int64(len(f.now))
}
