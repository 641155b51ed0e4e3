/** First byte of a frame that is a whole text message (RFC 6455 §5.2). */
const WHOLE_TEXT = 0x81;
/** Up to here the length stands in the second byte; above, that byte says where it stands. */
const LENGTH_IN_BYTE_MAX = 125;
const LENGTH_IN_2_BYTES = 126;
const LENGTH_IN_8_BYTES = 127;

/**
 * A WebSocket frame of one text in two pieces, ready for the socket. The library would write its header on its own, which
 * costs a sixth of a delivery; a frame of a server has no mask, and compression is off, so this is all there is to it.
 */
export function textFrame(start: Buffer, end: Buffer): Buffer {
  const length = start.length + end.length;
  const headLength = length <= LENGTH_IN_BYTE_MAX ? 2 : length <= 0xffff ? 4 : 10;
  const frame = Buffer.allocUnsafe(headLength + length);
  frame[0] = WHOLE_TEXT;
  if (headLength === 2) {
    frame[1] = length;
  } else if (headLength === 4) {
    frame[1] = LENGTH_IN_2_BYTES;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = LENGTH_IN_8_BYTES;
    frame.writeUIntBE(0, 2, 2);
    frame.writeUIntBE(length, 4, 6);
  }
  frame.set(start, headLength);
  frame.set(end, headLength + start.length);
  return frame;
}
