-- What the actions on clips in Ardour and REAPER have in common: a clip to composer, and back.

local COMPOSER = [==[@COMPOSER@]==] -- the command, as the shell wants it; the installer writes it
local BARS = 4 -- of a continuation

--- Ask composer.
-- @param verb "continue", "fill" or "vary"
-- @param clip bpm, upper, lower, length and selection {start, end} in beats, notes
-- @param execute runs a command line, and returns what it printed
-- @return notes, the beats to clear {start, end} or nil, and the end of the clip;
--   or nil and what went wrong
local function ask_composer (verb, clip, execute)
	local base = os.tmpname ()
	local given, answer = base .. ".clip", base .. ".answer"
	local file, problem = io.open (given, "w")
	if not file then return nil, problem end
	file:write (string.format ("bpm %.6f\nmetre %d %d\n", clip.bpm, clip.upper, clip.lower))
	file:write (string.format ("length %.6f\n", clip.length))
	if clip.selection then
		file:write (string.format ("selection %.6f %.6f\n", clip.selection[1], clip.selection[2]))
	end
	if verb == "continue" then
		file:write (string.format ("setting bars %d\n", BARS))
	end
	for _, note in ipairs (clip.notes) do
		file:write (string.format ("note %d %.6f %.6f %d %d\n",
			note.pitch, note.start, note.length, note.velocity, note.channel))
	end
	file:close ()
	local said = execute (string.format ('%s clip %s "%s" "%s"', COMPOSER, verb, given, answer))
	os.remove (given)
	os.remove (base)
	file = io.open (answer, "r")
	if not file then
		return nil, (said and said ~= "" and said) or "composer could not be started: " .. COMPOSER
	end
	local notes, clear, finish = {}, nil, clip.length
	for line in file:lines () do
		local kind, rest = line:match ("^(%a+) (.*)$")
		local values = {}
		for value in (rest or ""):gmatch ("%S+") do table.insert (values, tonumber (value)) end
		if kind == "note" then
			table.insert (notes, {pitch = math.floor (values[1]), start = values[2],
				length = values[3], velocity = math.floor (values[4]),
				channel = math.floor (values[5])})
		elseif kind == "clear" then
			clear = {values[1], values[2]}
		elseif kind == "end" then
			finish = values[1]
		end
	end
	file:close ()
	os.remove (answer)
	return notes, clear, finish
end
