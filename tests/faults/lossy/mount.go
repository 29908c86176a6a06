package lossy

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
)

// Available tells why a disk cannot be mounted here, or nil.
func Available() error {
	f, err := os.OpenFile("/dev/fuse", os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("no FUSE on this machine: %w", err)
	}
	return f.Close()
}

// Mount shows d as the folder dir until unmount is called. What uses it must be another process: a program that maps
// files of a disk that it serves itself can wait for itself for ever.
func Mount(d *Disk, dir string) (unmount func() error, err error) {
	m := &mounted{RawFileSystem: fuse.NewDefaultRawFileSystem(), disk: d, nodes: map[uint64]*file{}, ids: map[*file]uint64{}}
	server, err := fuse.NewServer(m, dir, &fuse.MountOptions{
		DirectMount: true, FsName: "lossy", Name: "lossy", DisableXAttrs: true, MaxWrite: 1 << 20, DisableReadDirPlus: true,
	})
	if err != nil {
		return nil, fmt.Errorf("lossy: mount: %w", err)
	}
	go server.Serve()
	if err := server.WaitMount(); err != nil {
		return nil, fmt.Errorf("lossy: mount: %w", err)
	}
	return func() error {
		for end := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			err := server.Unmount()
			if err == nil {
				return nil
			}
			if time.Now().After(end) {
				return syscall.Unmount(dir, syscall.MNT_DETACH)
			}
		}
	}, nil
}

// Sweep unmounts the disks whose process died without doing so: a test that was killed.
func Sweep() {
	mounts, err := os.ReadFile("/proc/mounts")
	if err != nil {
		return
	}
	for line := range strings.Lines(string(mounts)) {
		f := strings.Fields(line)
		if len(f) < 3 || f[2] != "fuse.lossy" {
			continue
		}
		dir, err := os.Open(f[1]) // a mere stat is answered from memory
		if err == nil {
			dir.Close()
		}
		if errors.Is(err, syscall.ENOTCONN) {
			_ = syscall.Unmount(f[1], syscall.MNT_DETACH)
		}
	}
}

// mounted answers the kernel. Node 1 is the folder itself.
type mounted struct {
	fuse.RawFileSystem
	disk  *Disk
	mu    sync.Mutex
	last  uint64
	nodes map[uint64]*file
	ids   map[*file]uint64
}

const forever = uint64(3600)

func (m *mounted) node(f *file) uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	id, ok := m.ids[f]
	if !ok {
		m.last++
		id = m.last + 1
		m.ids[f], m.nodes[id] = id, f
	}
	return id
}

func (m *mounted) file(id uint64) *file {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.nodes[id]
}

func (m *mounted) attr(id uint64, f *file, a *fuse.Attr) {
	a.Ino, a.Nlink, a.Blksize = id, 1, 4096
	a.Uid, a.Gid = uint32(os.Getuid()), uint32(os.Getgid())
	if f == nil {
		a.Mode = syscall.S_IFDIR | 0o700
		return
	}
	a.Mode = syscall.S_IFREG | 0o600
	a.Size = uint64(m.disk.size(f))
	a.Blocks = (a.Size + 511) / 512
}

func (m *mounted) entry(f *file, out *fuse.EntryOut) {
	out.NodeId = m.node(f)
	out.AttrValid, out.EntryValid = forever, forever
	m.attr(out.NodeId, f, &out.Attr)
}

func (m *mounted) Lookup(_ <-chan struct{}, _ *fuse.InHeader, name string, out *fuse.EntryOut) fuse.Status {
	f := m.disk.find(name)
	if f == nil {
		return fuse.ENOENT
	}
	m.entry(f, out)
	return fuse.OK
}

func (m *mounted) GetAttr(_ <-chan struct{}, in *fuse.GetAttrIn, out *fuse.AttrOut) fuse.Status {
	out.AttrValid = forever
	m.attr(in.NodeId, m.file(in.NodeId), &out.Attr)
	return fuse.OK
}

func (m *mounted) SetAttr(_ <-chan struct{}, in *fuse.SetAttrIn, out *fuse.AttrOut) fuse.Status {
	f := m.file(in.NodeId)
	if size, ok := in.GetSize(); ok && f != nil {
		if e := m.disk.truncate(f, int64(size)); e != 0 {
			return fuse.Status(e)
		}
	}
	out.AttrValid = forever
	m.attr(in.NodeId, f, &out.Attr)
	return fuse.OK
}

func (m *mounted) Create(_ <-chan struct{}, in *fuse.CreateIn, name string, out *fuse.CreateOut) fuse.Status {
	f := m.disk.find(name)
	if f == nil {
		var e syscall.Errno
		if f, e = m.disk.create(name); e != 0 {
			return fuse.Status(e)
		}
	} else if in.Flags&syscall.O_EXCL != 0 {
		return fuse.Status(syscall.EEXIST)
	}
	m.entry(f, &out.EntryOut)
	return fuse.OK
}

func (m *mounted) Open(_ <-chan struct{}, in *fuse.OpenIn, _ *fuse.OpenOut) fuse.Status {
	if f := m.file(in.NodeId); f != nil && in.Flags&syscall.O_TRUNC != 0 {
		return fuse.Status(m.disk.truncate(f, 0))
	}
	return fuse.OK
}

func (m *mounted) Read(_ <-chan struct{}, in *fuse.ReadIn, buf []byte) (fuse.ReadResult, fuse.Status) {
	f := m.file(in.NodeId)
	if f == nil {
		return nil, fuse.EIO
	}
	return fuse.ReadResultData(buf[:m.disk.read(f, int64(in.Offset), buf)]), fuse.OK
}

func (m *mounted) Write(_ <-chan struct{}, in *fuse.WriteIn, data []byte) (uint32, fuse.Status) {
	f := m.file(in.NodeId)
	if f == nil {
		return 0, fuse.EIO
	}
	if e := m.disk.write(f, int64(in.Offset), data); e != 0 {
		return 0, fuse.Status(e)
	}
	return uint32(len(data)), fuse.OK
}

func (m *mounted) Fsync(_ <-chan struct{}, in *fuse.FsyncIn) fuse.Status {
	return fuse.Status(m.disk.sync(m.file(in.NodeId)))
}

func (m *mounted) FsyncDir(_ <-chan struct{}, _ *fuse.FsyncIn) fuse.Status {
	return fuse.Status(m.disk.sync(nil))
}

func (m *mounted) Flush(<-chan struct{}, *fuse.FlushIn) fuse.Status { return fuse.OK }

func (m *mounted) Unlink(_ <-chan struct{}, _ *fuse.InHeader, name string) fuse.Status {
	return fuse.Status(m.disk.remove(name))
}

func (m *mounted) Rename(_ <-chan struct{}, _ *fuse.RenameIn, from, to string) fuse.Status {
	return fuse.Status(m.disk.rename(from, to))
}

func (m *mounted) Link(_ <-chan struct{}, in *fuse.LinkIn, name string, out *fuse.EntryOut) fuse.Status {
	f := m.file(in.Oldnodeid)
	if f == nil {
		return fuse.ENOENT
	}
	if e := m.disk.link(f, name); e != 0 {
		return fuse.Status(e)
	}
	m.entry(f, out)
	return fuse.OK
}

func (m *mounted) OpenDir(<-chan struct{}, *fuse.OpenIn, *fuse.OpenOut) fuse.Status { return fuse.OK }

func (m *mounted) ReadDir(_ <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	for i, name := range m.disk.list() {
		if uint64(i) < in.Offset {
			continue
		}
		f := m.disk.find(name)
		if f != nil && !out.AddDirEntry(fuse.DirEntry{Name: name, Mode: syscall.S_IFREG, Ino: m.node(f), Off: uint64(i) + 1}) {
			break
		}
	}
	return fuse.OK
}

func (m *mounted) Access(<-chan struct{}, *fuse.AccessIn) fuse.Status { return fuse.OK }

func (m *mounted) StatFs(_ <-chan struct{}, _ *fuse.InHeader, out *fuse.StatfsOut) fuse.Status {
	out.Bsize, out.Frsize, out.NameLen = 4096, 4096, 255
	out.Blocks, out.Bfree, out.Bavail = 1<<20, 1<<19, 1<<19
	return fuse.OK
}
