//! The `.Z` files of the Unix `compress` command: LZW with codes of 9 to 16 bits (Welch 1984, Computer 17, 8).

const FIRST_BITS: u32 = 9;
const CLEAR: usize = 256;

/// Unpacks a whole `.Z` file, magic bytes included.
pub(crate) fn decompress(packed: &[u8]) -> Result<Vec<u8>, &'static str> {
    let [0x1f, 0x9d, flags, body @ ..] = packed else { return Err("the file ends in its header") };
    let max_bits = u32::from(flags & 0x1f);
    let block_mode = flags & 0x80 != 0;
    if !(FIRST_BITS..=16).contains(&max_bits) {
        return Err("code length is not between 9 and 16 bits");
    }
    let first_free = if block_mode { 257 } else { 256 };
    // Entry `code` is the text of `prefix[code]` followed by `suffix[code]`.
    let mut prefix = vec![0_u16; 1 << max_bits];
    let mut suffix = vec![0_u8; 1 << max_bits];
    for (i, s) in suffix.iter_mut().take(256).enumerate() {
        *s = i as u8;
    }
    let mut out: Vec<u8> = Vec::new();
    let mut stack: Vec<u8> = Vec::new();
    let (mut bits, mut free) = (FIRST_BITS, first_free);
    let mut previous: Option<usize> = None;
    let mut first_byte = 0_u8;
    let mut at = 0_usize; // bit position
    let mut group = 0_usize; // where the current run of codes of one length started
    let total = body.len() * 8;
    // Codes come in groups of eight; a change of length skips what is left of the group.
    let align = |at: usize, group: usize, bits: u32| {
        let size = bits as usize * 8;
        group + (at - group).div_ceil(size) * size
    };
    while at + bits as usize <= total {
        let mut code = 0_usize;
        for k in 0..3 {
            code |= usize::from(*body.get(at / 8 + k).unwrap_or(&0)) << (8 * k);
        }
        code = (code >> (at % 8)) & ((1 << bits) - 1);
        at += bits as usize;
        if block_mode && code == CLEAR {
            at = align(at, group, bits);
            group = at;
            (bits, free, previous) = (FIRST_BITS, first_free, None);
            continue;
        }
        let mut entry = code;
        match previous {
            None if code > 255 => return Err("wrong first code"),
            None => {}
            Some(p) if code >= free => {
                if code > free {
                    return Err("a code beyond the table");
                }
                stack.push(first_byte);
                entry = p;
            }
            Some(_) => {}
        }
        while entry > 255 {
            stack.push(suffix[entry]);
            entry = usize::from(prefix[entry]);
        }
        first_byte = entry as u8;
        stack.push(first_byte);
        out.extend(stack.drain(..).rev());
        if let Some(p) = previous
            && free < 1 << max_bits
        {
            prefix[free] = p as u16;
            suffix[free] = first_byte;
            free += 1;
            if free == 1 << bits && bits < max_bits {
                at = align(at, group, bits);
                group = at;
                bits += 1;
            }
        }
        previous = Some(code);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_hand_packed_text() {
        // "aaaa": codes 97, 257 (the entry being made), 97 in 9 bits each.
        let bits: u32 = 97 | 257 << 9 | 97 << 18;
        let mut packed = vec![0x1f, 0x9d, 0x90];
        packed.extend(bits.to_le_bytes());
        assert_eq!(super::decompress(&packed).unwrap(), b"aaaa");
        assert!(super::decompress(&[0x1f, 0x9d]).is_err());
        assert!(super::decompress(&[0x1f, 0x9d, 0x90, 0xff, 0xff]).is_err());
    }
}
