package main

import "encoding/binary"

const (
	redMime = "audio/red"
	// redMost is the longest packet whose length fits into a RED header: 10 bits.
	redMost = 1<<10 - 1
)

// red returns a payload of RED (RFC 2198, clause 3) with an Opus packet and, for a listener who missed it, the packet of
// 20 ms before. That is what WebRTC's own library sends unless told otherwise. The packet goes alone where there is
// none before (nil), or one too long for the format.
func red(before, packet []byte) []byte {
	if len(before) == 0 || len(before) > redMost {
		return append([]byte{opusPayload}, packet...)
	}
	// 1 bit: another header follows; 7 bits: payload type; 14 bits: how much earlier; 10 bits: how long.
	header := uint32(1<<31 | opusPayload<<24 | packetSamples<<10 | len(before))
	payload := binary.BigEndian.AppendUint32(nil, header)
	payload = append(payload, opusPayload) // the first bit is 0: the last header
	payload = append(payload, before...)
	return append(payload, packet...)
}
