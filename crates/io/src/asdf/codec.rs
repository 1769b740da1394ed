//! The compressions of blocks.

use std::io::Read;

/// How many bytes one byte can stand for at most. Planes of zeros come close: 33 MB of them are 49 bytes of bzip2.
fn max_ratio(code: [u8; 4]) -> u64 {
    match &code {
        b"zlib" => 1 << 11,
        b"bzp2" => 1 << 21,
        b"lz4\0" => 1 << 8,
        _ => 1 << 17,
    }
}

/// Name of a codec for messages; `None` if the block is not compressed.
pub(super) fn name(code: [u8; 4]) -> Option<String> {
    if code == [0; 4] {
        return None;
    }
    Some(code.iter().take_while(|&&b| b != 0).map(|b| b.escape_ascii().to_string()).collect())
}

/// The `size` bytes that `packed` stands for. The memory taken grows with what really comes out, never beyond `size`.
pub(super) fn decompress(code: [u8; 4], packed: &[u8], size: u64) -> Result<Vec<u8>, String> {
    if size > (packed.len() as u64).saturating_add(1).saturating_mul(max_ratio(code)) {
        return Err(format!("{size} bytes cannot come out of {} compressed bytes", packed.len()));
    }
    let limit = usize::try_from(size).map_err(|_| format!("{size} bytes do not fit into memory"))?;
    let out = match &code {
        b"zlib" => drain(flate2::read::ZlibDecoder::new(packed), size, "zlib")?,
        b"bzp2" => drain(bzip2::read::MultiBzDecoder::new(packed), size, "bzip2")?,
        b"lz4\0" => lz4(packed, limit)?,
        b"zstd" => {
            let window = size.clamp(1 << 20, 1 << 27);
            let decoder = ruzstd::decoding::StreamingDecoder::new_with_max_window_size(packed, window)
                .map_err(|e| format!("zstd: {e}"))?;
            drain(decoder, size, "zstd")?
        }
        _ => {
            return Err(format!(
                "compressed with '{}'; expected zlib, bzp2, lz4, zstd or nothing",
                name(code).unwrap_or_default()
            ));
        }
    };
    if out.len() != limit {
        return Err(format!("expected {size} bytes after decompression, found {}", out.len()));
    }
    Ok(out)
}

fn drain(input: impl Read, size: u64, codec: &str) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    input.take(size.saturating_add(1)).read_to_end(&mut out).map_err(|e| format!("{codec}: {e}"))?;
    if out.len() as u64 > size {
        return Err(format!("{codec}: more than the {size} bytes that the block promises"));
    }
    Ok(out)
}

/// A sequence of chunks: their length (big-endian), the length of what they stand for (little-endian), an LZ4 block.
fn lz4(packed: &[u8], limit: usize) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let mut rest = packed;
    while !rest.is_empty() {
        let (head, tail) = rest.split_first_chunk::<4>().ok_or("lz4: a chunk ends within its length")?;
        let length = u32::from_be_bytes(*head) as usize;
        let chunk = tail.get(..length).ok_or("lz4: a chunk ends early")?;
        let (head, body) = chunk.split_first_chunk::<4>().ok_or("lz4: a chunk without its size")?;
        let size = u32::from_le_bytes(*head) as usize;
        if size > limit - out.len() {
            return Err(format!("lz4: more than the {limit} bytes that the block promises"));
        }
        // One byte of a block stands for 255 at most.
        if size > body.len().saturating_mul(255) {
            return Err(format!("lz4: {size} bytes cannot come out of {}", body.len()));
        }
        let at = out.len();
        out.resize(at + size, 0);
        let n = lz4_flex::block::decompress_into(body, &mut out[at..]).map_err(|e| format!("lz4: {e}"))?;
        if n != size {
            return Err(format!("lz4: expected {size} bytes in a chunk, found {n}"));
        }
        rest = &tail[length..];
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lies_are_found_before_memory_is_taken() {
        // Four bytes of a chunk that promise 4 GB.
        let mut chunk = vec![0, 0, 0, 5];
        chunk.extend_from_slice(&u32::MAX.to_le_bytes());
        chunk.push(0);
        assert!(decompress(*b"lz4\0", &chunk, 2_000).unwrap_err().contains("promises"));
        for code in [*b"lz4\0", *b"zlib", *b"bzp2", *b"zstd"] {
            assert!(decompress(code, &[7; 16], 1 << 40).unwrap_err().contains("cannot come out"));
            assert!(decompress(code, &[7; 16], 100).is_err());
        }
        let e = decompress(*b"blsc", &[7; 16], 100).unwrap_err();
        assert!(e.contains("'blsc'"), "{e}");
    }
}
