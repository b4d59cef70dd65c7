// Checks a folder of C2SP tlog-tiles with the Go project's own code for transparency logs: the
// signature of the checkpoint, its root from the tiles, every full and partial tile, the inclusion
// of every entry by its bytes, and the consistency of several sizes.
//
// usage: tlog DIR VKEYFILE
package main

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	height = 8
	width  = 1 << height
)

// folder reads tiles of hashes from static files.
type folder struct {
	dir  string
	read map[tlog.Tile][]byte
}

func (f *folder) Height() int { return height }

// path is where C2SP tlog-tiles puts a tile; the path of sumdb names the height and says "data".
func path(tile tlog.Tile) string {
	path := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", tile.H))
	if tile.L == -1 {
		path = "entries/" + strings.TrimPrefix(path, "data/")
	}
	return filepath.Join("tile", filepath.FromSlash(path))
}

func (f *folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var data [][]byte
	for _, tile := range tiles {
		bytes, known := f.read[tile]
		if !known {
			var err error
			if bytes, err = f.file(tile); err != nil {
				return nil, err
			}
			if len(bytes) != tile.W*tlog.HashSize {
				return nil, fmt.Errorf("%s has %d bytes", path(tile), len(bytes))
			}
			f.read[tile] = bytes
		}
		data = append(data, bytes)
	}
	return data, nil
}

// file reads a tile, or for a partial one that is gone the beginning of the full one.
func (f *folder) file(tile tlog.Tile) ([]byte, error) {
	bytes, err := os.ReadFile(filepath.Join(f.dir, path(tile)))
	if errors.Is(err, fs.ErrNotExist) && tile.W < width && tile.L >= 0 {
		full := tile
		full.W = width
		bytes, err = os.ReadFile(filepath.Join(f.dir, path(full)))
		if err == nil && len(bytes) != width*tlog.HashSize {
			return nil, fmt.Errorf("%s has %d bytes", path(full), len(bytes))
		}
		if err == nil {
			bytes = bytes[:tile.W*tlog.HashSize]
		}
	}
	return bytes, err
}

func (f *folder) SaveTiles([]tlog.Tile, [][]byte) {}

// checkpoint opens the signed note and reads its three lines.
func checkpoint(dir, vkeyFile string) (tlog.Tree, error) {
	var tree tlog.Tree
	vkey, err := os.ReadFile(vkeyFile)
	if err != nil {
		return tree, err
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(string(vkey)))
	if err != nil {
		return tree, err
	}
	signed, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return tree, err
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return tree, fmt.Errorf("checkpoint: %w", err)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] != verifier.Name() {
		return tree, errors.New("checkpoint: not the three lines of this log")
	}
	if _, err = fmt.Sscanf(lines[1], "%d", &tree.N); err != nil || fmt.Sprint(tree.N) != lines[1] {
		return tree, fmt.Errorf("checkpoint: size %q", lines[1])
	}
	tree.Hash, err = tlog.ParseHash(lines[2])
	return tree, err
}

// bundle takes a bundle of entries apart.
func bundle(bytes []byte, count int) ([][]byte, error) {
	var entries [][]byte
	for len(bytes) > 0 {
		if len(bytes) < 2 {
			return nil, errors.New("half a length at the end")
		}
		length := int(binary.BigEndian.Uint16(bytes))
		if len(bytes) < 2+length {
			return nil, errors.New("half an entry at the end")
		}
		entries = append(entries, bytes[2:2+length])
		bytes = bytes[2+length:]
	}
	if len(entries) != count {
		return nil, fmt.Errorf("%d entries instead of %d", len(entries), count)
	}
	return entries, nil
}

// entries proves every entry of every bundle by its bytes.
func entries(dir string, tree tlog.Tree, hashes tlog.HashReader) (int64, error) {
	var proved int64
	for proved < tree.N {
		tile := tlog.Tile{H: height, L: -1, N: proved / width, W: width}
		if left := tree.N - proved; left < width {
			tile.W = int(left)
		}
		bytes, err := os.ReadFile(filepath.Join(dir, path(tile)))
		if err != nil {
			return proved, err
		}
		entries, err := bundle(bytes, tile.W)
		if err != nil {
			return proved, fmt.Errorf("%s: %w", path(tile), err)
		}
		for _, entry := range entries {
			proof, err := tlog.ProveRecord(tree.N, proved, hashes)
			if err != nil {
				return proved, err
			}
			leaf := tlog.RecordHash(entry)
			if err = tlog.CheckRecord(proof, tree.N, tree.Hash, proved, leaf); err != nil {
				return proved, fmt.Errorf("%s: entry %d: %w", path(tile), proved, err)
			}
			proved++
		}
	}
	return proved, nil
}

// sizes are those around every edge of a tile that the tree reaches, and some between.
func sizes(n int64) []int64 {
	found := map[int64]bool{n: true}
	for at := int64(1); at <= n; at *= 2 {
		for _, size := range []int64{at - 1, at, at + 1, at * 3, n - at} {
			if size > 0 && size <= n {
				found[size] = true
			}
		}
	}
	for part := int64(1); part < 17; part++ {
		if size := n * part / 17; size > 0 {
			found[size] = true
		}
	}
	var all []int64
	for size := range found {
		all = append(all, size)
	}
	return all
}

// consistency proves that the tree of each size begins with that of every smaller one.
func consistency(tree tlog.Tree, hashes tlog.HashReader) (int, error) {
	proved := 0
	roots := map[int64]tlog.Hash{tree.N: tree.Hash}
	all := sizes(tree.N)
	for _, size := range all {
		root, err := tlog.TreeHash(size, hashes)
		if err != nil {
			return proved, err
		}
		if size == tree.N && root != tree.Hash {
			return proved, errors.New("the tiles lead to another root than the checkpoint's")
		}
		roots[size] = root
	}
	for _, to := range all {
		for _, from := range all {
			if from >= to {
				continue
			}
			proof, err := tlog.ProveTree(to, from, hashes)
			if err != nil {
				return proved, err
			}
			if err = tlog.CheckTree(proof, to, roots[to], from, roots[from]); err != nil {
				return proved, fmt.Errorf("from %d to %d: %w", from, to, err)
			}
			proved++
		}
	}
	return proved, nil
}

// tiles makes every tile again from the leaf hashes of the entries, and compares the files.
func tiles(dir string, tree tlog.Tree, f *folder) (int, error) {
	checked := 0
	var below []byte
	for level := 0; ; level++ {
		nodes := tree.N >> (height * level)
		if nodes == 0 {
			return checked, nil
		}
		var this []byte
		for n := int64(0); n*width < nodes; n++ {
			tile := tlog.Tile{H: height, L: level, N: n, W: width}
			if left := nodes - n*width; left < width {
				tile.W = int(left)
			}
			bytes, err := os.ReadFile(filepath.Join(dir, path(tile)))
			if err != nil {
				return checked, err
			}
			if len(bytes) != tile.W*tlog.HashSize {
				return checked, fmt.Errorf("%s has %d bytes", path(tile), len(bytes))
			}
			this = append(this, bytes...)
			checked++
		}
		for at := 0; level > 0 && at < len(this)/tlog.HashSize; at++ {
			under := below[at*width*tlog.HashSize : (at+1)*width*tlog.HashSize]
			if root(under) != *(*[tlog.HashSize]byte)(this[at*tlog.HashSize:]) {
				return checked, fmt.Errorf("hash %d of level %d is not that of the tile below", at, level)
			}
		}
		below = this
	}
}

// root is that of a full tile, worked out without tlog.
func root(hashes []byte) [tlog.HashSize]byte {
	if len(hashes) == tlog.HashSize {
		return *(*[tlog.HashSize]byte)(hashes)
	}
	left, right := root(hashes[:len(hashes)/2]), root(hashes[len(hashes)/2:])
	return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
}

func run() error {
	if len(os.Args) != 3 {
		return errors.New("usage: tlog DIR VKEYFILE")
	}
	dir := os.Args[1]
	tree, err := checkpoint(dir, os.Args[2])
	if err != nil {
		return err
	}
	if tree.N == 0 {
		return errors.New("the log is empty")
	}
	f := &folder{dir: dir, read: map[tlog.Tile][]byte{}}
	hashes := tlog.TileHashReader(tree, f)
	checked, err := tiles(dir, tree, f)
	if err != nil {
		return err
	}
	proofs, err := consistency(tree, hashes)
	if err != nil {
		return err
	}
	proved, err := entries(dir, tree, hashes)
	if err != nil {
		return err
	}
	fmt.Printf("tlog: checkpoint of %d entries signed; %d tiles, %d entries and %d pairs of sizes hold\n",
		tree.N, checked, proved, proofs)
	return nil
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "tlog:", err)
		os.Exit(1)
	}
}
